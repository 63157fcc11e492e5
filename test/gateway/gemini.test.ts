/** Google's own client against every way through which an answer can come, and what is Gemini's alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Content, type FunctionDeclaration, GoogleGenAI } from '@google/genai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { geminiUpstream, openAiUpstream } from '../../gateway/model/http-upstream.ts';
import { gemini } from '../../gateway/model/protocols/gemini.ts';
import { serveScripted } from '../../gateway/scripted/serve.ts';
import { gatewayWith, HASTY, post, scripted, serverThat, TOKEN } from './open.ts';

const STEPS = `  - { say: I will look first., shell: "ls 'é'" }
  - say: All done.
`;
const TASK = 'Do a task.';
const TOOL: FunctionDeclaration = {
  name: 'bash',
  description: 'runs',
  parametersJsonSchema: { type: 'object', properties: { command: { type: 'string' } } },
};
const ASK = { contents: [{ role: 'user', parts: [{ text: TASK }] }] };
const GENERATE = '/v1beta/models/any:generateContent';
const STREAM = '/v1beta/models/any:streamGenerateContent?alt=sse';
const USAGE = {
  promptTokenCount: 1_000,
  cachedContentTokenCount: 900,
  toolUsePromptTokenCount: 5,
  candidatesTokenCount: 20,
  thoughtsTokenCount: 300,
};
const ANSWER = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP' }],
  usageMetadata: USAGE,
};

async function scriptedServer(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'proofhouse-gemini-'));
  const scenario = `scenario: test\nwhen: { prompt_contains: [task] }\nsteps:\n${STEPS}`;
  await writeFile(path.join(folder, 'test.yaml'), scenario);
  const served = await serveScripted(folder, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await served.close();
    await rm(folder, { recursive: true });
  });
  return served.url;
}

function remote(url: string, key: string | null = null) {
  return { name: 'test', model: 'scripted', url, key, price: null, patience: HASTY };
}

const ways: Record<string, () => Promise<string>> = {
  'the scripted server': scriptedServer,
  'a gateway with the scripted model': async () =>
    (await gatewayWith({ model: scripted(STEPS) })).url,
  'a gateway to a Gemini server': async () =>
    (await gatewayWith({ model: geminiUpstream(remote(await scriptedServer())) })).url,
  'a gateway to a Chat server': async () =>
    (await gatewayWith({ model: openAiUpstream(remote(await scriptedServer())) })).url,
};

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

type Turn = { text: string; calls: { name?: string; args?: unknown }[]; parts: Content };

async function turn(url: string, contents: Content[], stream: boolean): Promise<Turn> {
  const client = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl: url } });
  const asked = {
    model: 'any',
    contents,
    config: { systemInstruction: 'You are an agent.', tools: [{ functionDeclarations: [TOOL] }] },
  };
  const answers = stream
    ? await gathered(await client.models.generateContentStream(asked))
    : [await client.models.generateContent(asked)];
  const parts = answers.flatMap((one) => one.candidates?.[0]?.content?.parts ?? []);
  expect(answers.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  expect(answers.at(-1)?.usageMetadata?.candidatesTokenCount).toBeGreaterThan(1);
  return {
    text: parts.map(({ text }) => text ?? '').join(''),
    calls: parts.flatMap(({ functionCall: call }) => {
      if (!call) return [];
      return [{ ...(call.name ? { name: call.name } : {}), args: call.args }];
    }),
    parts: { role: 'model', parts },
  };
}

describe.each(Object.entries(ways))('through %s', (_way, open) => {
  it.each([
    ['in one piece', false],
    ['as a stream', true],
  ])('a client of Gemini gets a tool call and then an end, %s', async (_how, stream) => {
    const url = await open();
    const task: Content = { role: 'user', parts: [{ text: TASK }] };
    const first = await turn(url, [task], stream);
    expect(first).toMatchObject({
      text: 'I will look first.',
      calls: [{ name: 'bash', args: { command: "ls 'é'" } }],
    });
    const result = { functionResponse: { name: 'bash', response: { output: 'x' } } };
    const second = await turn(url, [task, first.parts, { role: 'user', parts: [result] }], stream);
    expect(second).toMatchObject({ text: 'All done.', calls: [] });
  });

  it('models are listed and tokens counted', async () => {
    const url = await open();
    const client = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl: url } });
    const models = await gathered(await client.models.list());
    expect(models.map(({ name }) => name)).toEqual(['models/scripted']);
    const counted = await client.models.countTokens({ model: 'any', contents: TASK });
    expect(counted.totalTokens).toBeGreaterThan(5);
  });
});

describe('a Gemini server', () => {
  it('is asked at the path of its own model, with its own kind of key and none of the agent', async () => {
    const upstream = await serverThat((response) => response.end(JSON.stringify(ANSWER)));
    const model = geminiUpstream(remote(upstream.url, 'the-real-key'));
    const { url } = await gatewayWith({ model });
    const body = '{ "contents" : [{"parts":[{"text":"a"}]}], "model":"models/dearer"}';
    await post(`${url}${GENERATE}?key=${TOKEN}`, body, { headers: { 'x-goog-api-key': 'stolen' } });
    const [seen] = upstream.seen;
    expect(seen?.url).toBe('/v1beta/models/scripted:generateContent');
    expect(seen?.headers['x-goog-api-key']).toBe('the-real-key');
    expect(JSON.stringify(seen)).not.toContain('stolen');
    expect(JSON.stringify(seen)).not.toContain(TOKEN);
    expect(seen?.body).toBe(body.replace('models/dearer', 'models/scripted'));
  });

  it.each([
    ['in one piece', GENERATE, JSON.stringify(ANSWER)],
    [
      'as a stream',
      STREAM,
      `data: {"candidates":[{"content":{}}]}\r\n\r\ndata: ${JSON.stringify(ANSWER)}\r\n\r\n`,
    ],
  ])(
    'thoughts are paid as output, and what was cached is in the prompt, %s',
    async (_how, at, body) => {
      const upstream = await serverThat((response) => response.end(body));
      const { url, ledger } = await gatewayWith({ model: geminiUpstream(remote(upstream.url)) });
      expect(await (await post(url + at, ASK)).text()).toBe(body);
      await expect
        .poll(() => ledger.calls())
        .toMatchObject([
          {
            state: 'settled',
            usage: {
              ...{ inputTokens: 105, cacheReadTokens: 900 },
              ...{ outputTokens: 20, reasoningTokens: 300 },
            },
          },
        ]);
    },
  );

  it('what it may say at most is reserved as the request says', async () => {
    const { url, ledger } = await gatewayWith({ model: scripted('  - silent: true') });
    const asked = { ...ASK, generationConfig: { maxOutputTokens: 77 } };
    const leaving = new AbortController();
    const call = post(url + GENERATE, asked, { signal: leaving.signal }).catch(() => 'left');
    await expect.poll(() => ledger.calls()).toMatchObject([{ usage: { outputTokens: 77 } }]);
    leaving.abort();
    expect(await call).toBe('left');
  });

  it('errors have the shape of the API, with its status names', async () => {
    const upstream = await serverThat((response) => {
      response.writeHead(400).end('{"error":{"code":400,"message":"bad tool","status":"X"}}');
    });
    const { url } = await gatewayWith({ model: geminiUpstream(remote(upstream.url)) });
    expect(await (await post(url + GENERATE, ASK)).json()).toEqual({
      error: { code: 400, message: 'bad tool', status: 'INVALID_ARGUMENT' },
    });
  });

  it('a stream that is no stream of events is refused before the model is asked', async () => {
    const upstream = await serverThat((response) => response.end(JSON.stringify(ANSWER)));
    const { url } = await gatewayWith({ model: geminiUpstream(remote(upstream.url)) });
    const answer = await post(`${url}/v1beta/models/any:streamGenerateContent`, ASK);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('?alt=sse');
    expect(upstream.seen).toEqual([]);
  });

  it('is asked in its own protocol only', async () => {
    const upstream = await serverThat((response) => response.end(JSON.stringify(ANSWER)));
    const { url } = await gatewayWith({ model: geminiUpstream(remote(upstream.url)) });
    const task = { model: 'm', messages: [{ role: 'user', content: 'a' }] };
    const answer = await post(`${url}/v1/chat/completions`, task);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('gemini protocol only');
    expect(upstream.seen).toEqual([]);
  });
});

describe('a request of Gemini', () => {
  it('is read in snake_case too, and results without ids find their calls in order', () => {
    const call = { function_call: { name: 'read', args: {} } };
    const result = (text: string) => ({
      function_response: { name: 'read', response: { output: text } },
    });
    const read = gemini.readRequest({
      system_instruction: { parts: [{ text: 'rules' }] },
      contents: [
        { role: 'user', parts: [{ text: 'go' }] },
        { role: 'model', parts: [{ text: 'hm', thought: true }, call, call] },
        { role: 'user', parts: [result('a'), result('b')] },
      ],
      tools: [{ function_declarations: [{ name: 'read', parameters: { type: 'OBJECT' } }] }],
      generation_config: { max_output_tokens: 9 },
    });
    expect(read).toMatchObject({
      messages: [
        { role: 'system', text: 'rules' },
        { role: 'user', text: 'go' },
        { role: 'assistant', text: '', calls: [{ id: 'call_1' }, { id: 'call_2' }] },
        { role: 'tool', callId: 'call_1', text: 'a' },
        { role: 'tool', callId: 'call_2', text: 'b' },
      ],
      tools: [{ name: 'read', parameters: { type: 'object' } }],
      maxOutputTokens: 9,
    });
  });
});
