/**
 * The vendors' own clients against every way through which an answer can come: the scripted server,
 * the scripted model in a gateway, and gateways in front of servers of each protocol.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anthropicUpstream, openAiUpstream } from '../../gateway/model/http-upstream.ts';
import { scriptedModel } from '../../gateway/scripted/model.ts';
import { loadScenarios } from '../../gateway/scripted/scenario.ts';
import { serveScripted } from '../../gateway/scripted/serve.ts';
import { scriptedUpstream } from '../../gateway/scripted/upstream.ts';
import { gatewayWith, HASTY, post, serverThat, TOKEN } from './open.ts';

const COMMAND = "cat 'src/cart/total.ts' # é";
const SCENARIO = `
scenario: cart
when: { prompt_contains: [Half a Cent] }
steps:
  - { say: I will look first., shell: ${JSON.stringify(COMMAND)} }
  - say: All done.
`;
const TASK = 'Round half a cent to even.';
const SYSTEM = 'You are an agent.';
const PARAMETERS = { type: 'object', properties: { command: { type: 'string' } } };

/** The first answer of a model and the one after the tool's result, as a client reads them. */
type Turn = { text: string; calls: { name: string; input: unknown }[]; outputTokens: number };
type Client = (url: string, stream: boolean) => Promise<readonly [Turn, Turn]>;

const clients: Record<string, Client> = {
  responses: async (url, stream) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: TOKEN, maxRetries: 0 });
    const tools = [
      { type: 'function' as const, name: 'bash', parameters: PARAMETERS, strict: false },
    ];
    const ask = async (input: OpenAI.Responses.ResponseInput) => {
      const body = { model: 'scripted', instructions: SYSTEM, input, tools };
      return stream ? client.responses.stream(body).finalResponse() : client.responses.create(body);
    };
    const task = { role: 'user' as const, content: TASK };
    const first = await ask([task]);
    const results = first.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: 'x' }]
        : [],
    );
    const second = await ask([task, ...first.output, ...results] as OpenAI.Responses.ResponseInput);
    const turn = (response: OpenAI.Responses.Response): Turn => ({
      text: response.output_text,
      calls: response.output.flatMap((item) =>
        item.type === 'function_call'
          ? [{ name: item.name, input: JSON.parse(item.arguments) }]
          : [],
      ),
      outputTokens: response.usage?.output_tokens ?? 0,
    });
    return [turn(first), turn(second)];
  },
  chat: async (url, stream) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: TOKEN, maxRetries: 0 });
    const tools = [
      { type: 'function' as const, function: { name: 'bash', parameters: PARAMETERS } },
    ];
    const ask = async (messages: OpenAI.ChatCompletionMessageParam[]) => {
      const body = { model: 'scripted', messages, tools };
      if (!stream) return client.chat.completions.create(body);
      const options = { ...body, stream: true as const, stream_options: { include_usage: true } };
      return client.chat.completions.stream(options).finalChatCompletion();
    };
    const task: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: TASK },
    ];
    const first = await ask(task);
    const message = first.choices[0]?.message;
    const results = (message?.tool_calls ?? []).map(({ id }) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: 'x',
    }));
    const second = await ask([...task, ...(message ? [message] : []), ...results]);
    const turn = ({ choices, usage }: OpenAI.ChatCompletion): Turn => ({
      text: choices[0]?.message.content ?? '',
      calls: (choices[0]?.message.tool_calls ?? []).flatMap((call) =>
        call.type === 'function'
          ? [{ name: call.function.name, input: JSON.parse(call.function.arguments) }]
          : [],
      ),
      outputTokens: usage?.completion_tokens ?? 0,
    });
    return [turn(first), turn(second)];
  },
  messages: async (url, stream) => {
    const client = new Anthropic({ baseURL: url, apiKey: TOKEN, maxRetries: 0 });
    const tools = [{ name: 'bash', input_schema: { ...PARAMETERS, type: 'object' as const } }];
    const ask = async (messages: Anthropic.MessageParam[]) => {
      const body = { model: 'scripted', max_tokens: 1_000, system: SYSTEM, messages, tools };
      return stream ? client.messages.stream(body).finalMessage() : client.messages.create(body);
    };
    const task: Anthropic.MessageParam = { role: 'user', content: TASK };
    const first = await ask([task]);
    const results = first.content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'x' }]
        : [],
    );
    const second = await ask([
      task,
      { role: 'assistant', content: first.content },
      { role: 'user', content: results },
    ]);
    const turn = ({ content, usage }: Anthropic.Message): Turn => ({
      text: content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
      calls: content.flatMap((block) =>
        block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [],
      ),
      outputTokens: usage.output_tokens,
    });
    return [turn(first), turn(second)];
  },
};

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(os.tmpdir(), 'proofhouse-scenarios-'));
  onTestFinished(() => rm(made, { recursive: true }));
  await writeFile(path.join(made, 'cart.yaml'), SCENARIO);
  return made;
}

async function server(): Promise<string> {
  const served = await serveScripted(await folder(), { host: '127.0.0.1', port: 0 });
  onTestFinished(() => served.close());
  return served.url;
}

/** The scripted server without its Responses path, as many local servers are. */
async function chatOnly(): Promise<string> {
  const url = await server();
  const relay = await serverThat((response, { url: asked, body }) => {
    if (asked === '/v1/responses') return void response.writeHead(404).end('{}');
    void post(url + asked, body)
      .then(async (answer) => [answer.status, await answer.text()] as const)
      .then(([status, text]) => response.writeHead(status).end(text));
  });
  return relay.url;
}

const remote = (url: string) => ({
  name: 'test',
  model: 'scripted',
  url,
  key: null,
  price: null,
  patience: HASTY,
});

const ways: Record<string, () => Promise<string>> = {
  'the scripted server': server,
  'a gateway with the scripted model': async () => {
    const model = scriptedUpstream(scriptedModel(await loadScenarios(await folder())));
    return (await gatewayWith({ model })).url;
  },
  'a gateway to an OpenAI-compatible server': async () => {
    const model = openAiUpstream(remote(await server()));
    return (await gatewayWith({ model })).url;
  },
  'a gateway to a server that has Chat only': async () => {
    const model = openAiUpstream(remote(await chatOnly()));
    return (await gatewayWith({ model })).url;
  },
  'a gateway to an Anthropic-compatible server': async () => {
    const model = anthropicUpstream(remote(await server()));
    return (await gatewayWith({ model })).url;
  },
};

describe.each(Object.entries(ways))('through %s', (_way, open) => {
  for (const [protocol, client] of Object.entries(clients)) {
    it.each([
      ['in one piece', false],
      ['as a stream', true],
    ])(`a client of ${protocol} gets a tool call and then an end, %s`, async (_how, stream) => {
      const [first, second] = await client(await open(), stream);
      expect(first).toMatchObject({
        text: 'I will look first.',
        calls: [{ name: 'bash', input: { command: COMMAND } }],
      });
      expect(first.outputTokens).toBeGreaterThan(5);
      expect(second).toMatchObject({ text: 'All done.', calls: [] });
    });
  }

  it('the models can be listed', async () => {
    const url = await open();
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: TOKEN, maxRetries: 0 });
    const anthropic = new Anthropic({ baseURL: url, apiKey: TOKEN, maxRetries: 0 });
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['scripted']);
    expect((await anthropic.models.list()).data.map(({ id }) => id)).toEqual(['scripted']);
  });

  it('tokens can be counted without a model call', async () => {
    const anthropic = new Anthropic({ baseURL: await open(), apiKey: TOKEN, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: TASK }];
    const { input_tokens } = await anthropic.messages.countTokens({ model: 'scripted', messages });
    expect(input_tokens).toBeGreaterThan(10);
  });
});

describe('what one protocol has and the other has not', () => {
  const codexRequest = {
    model: 'scripted',
    input: [
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'rules' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a task' }] },
      { type: 'reasoning', summary: [], encrypted_content: 'sealed' },
      { type: 'custom_tool_call', call_id: 'c:1', name: 'apply_patch', input: '*** Begin' },
      { type: 'custom_tool_call_output', call_id: 'c:1', output: 'done' },
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'later' }] },
    ],
    tools: [{ type: 'custom', name: 'apply_patch', description: 'patches' }],
  };

  it('a custom tool goes to Chat as a function and its call comes back as custom', async () => {
    const call = { name: 'apply_patch', arguments: JSON.stringify({ input: '*** End' }) };
    const upstream = await serverThat((response, { url }) => {
      if (url === '/v1/responses') return void response.writeHead(404).end();
      const message = { content: null, tool_calls: [{ id: 'c2', function: call }] };
      response.end(JSON.stringify({ id: 'x', choices: [{ message }] }));
    });
    const { url } = await gatewayWith({ model: openAiUpstream(remote(upstream.url)) });
    const answer = (await (await post(`${url}/v1/responses`, codexRequest)).json()) as {
      output: unknown;
    };
    expect(answer.output).toMatchObject([
      { type: 'custom_tool_call', call_id: 'c2', name: 'apply_patch', input: '*** End' },
    ]);
    const asked = JSON.parse(upstream.seen[1]?.body ?? '') as Record<string, unknown>;
    expect(asked['messages']).toEqual([
      { role: 'system', content: 'rules' },
      { role: 'user', content: 'a task' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'c:1',
            type: 'function',
            function: { name: 'apply_patch', arguments: '{"input":"*** Begin"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'c:1', content: 'done' },
      { role: 'user', content: 'later' },
    ]);
  });

  it('Messages get roles in turns, ids they accept and no empty text', async () => {
    const upstream = await serverThat((response) => {
      response.end(JSON.stringify({ type: 'message', id: 'x', content: [] }));
    });
    const { url } = await gatewayWith({ model: anthropicUpstream(remote(upstream.url)) });
    await post(`${url}/v1/responses`, codexRequest);
    const asked = JSON.parse(upstream.seen[0]?.body ?? '') as Record<string, unknown>;
    expect(asked).toMatchObject({ system: 'rules', max_tokens: 8_192 });
    expect(asked['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a task' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'c_1', name: 'apply_patch', input: { input: '*** Begin' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'c_1', content: [{ type: 'text', text: 'done' }] },
          { type: 'text', text: 'later' },
        ],
      },
    ]);
  });

  it('a server without Responses is asked for them once only', async () => {
    const upstream = await serverThat((response, { url }) => {
      if (url === '/v1/responses') return void response.writeHead(405).end();
      response.end(JSON.stringify({ choices: [{ message: { content: 'hello' } }] }));
    });
    const model = openAiUpstream(remote(upstream.url));
    expect(model.wire).toBe('responses');
    const { url } = await gatewayWith({ model });
    for (let asked = 0; asked < 3; asked += 1) await post(`${url}/v1/responses`, codexRequest);
    expect(upstream.seen.map((one) => one.url)).toEqual([
      '/v1/responses',
      '/v1/chat/completions',
      '/v1/chat/completions',
      '/v1/chat/completions',
    ]);
    expect(model.wire).toBe('chat');
  });
});
