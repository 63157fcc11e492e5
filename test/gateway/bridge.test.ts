/** Any of the four protocols in, OpenAI Chat out, against a server that refuses what is not quite right. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conversation, Reply } from '../../gateway/model/conversation.ts';
import { openAiUpstream } from '../../gateway/model/http-upstream.ts';
import { customCalls, type Piece, piecesOf } from '../../gateway/model/pieces.ts';
import { PROTOCOLS } from '../../gateway/model/protocols/all.ts';
import { chatPieces } from '../../gateway/model/protocols/chat-pieces.ts';
import { NOTHING_SEEN } from '../../gateway/model/protocols/protocol.ts';
import { eventCutter } from '../../gateway/model/sse.ts';
import { DIALECTS, WIRES } from './callers.ts';
import { gatewayWith, HASTY, post } from './open.ts';
import { type StrictRequest, strictChat } from './strict-chat.ts';

const BRIDGED = WIRES.filter((wire) => wire !== 'chat');
const REPLY: Reply = {
  id: 'c9',
  model: 'local',
  text: 'Reading.',
  calls: [
    { id: 'k1', name: 'read', input: '{"path":"b"}', custom: false },
    { id: 'k2', name: 'read', input: '{"path":"é"}', custom: false },
  ],
  cutShort: false,
  usage: { inputTokens: 21, outputTokens: 8 },
};

function chatEvents(reply: Reply): string[] {
  return piecesOf(reply).map(PROTOCOLS.chat.streamWriter(true));
}

/** A worker that streams where it is asked to, as llama.cpp and vLLM do; it has no Responses. */
async function worker(reply: Reply, more: Parameters<typeof strictChat>[0] | null = null) {
  const server = await strictChat(
    more ??
      ((response, { stream }) => {
        if (!stream) return void response.end(JSON.stringify(PROTOCOLS.chat.writeReply(reply)));
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(chatEvents(reply).join(''));
      }),
  );
  const options = { name: 'w', model: 'local', url: server.url, key: null, price: null };
  const model = openAiUpstream({ ...options, patience: HASTY });
  return { ...server, ...(await gatewayWith({ model })) };
}

describe.each(BRIDGED)('a caller of %s at a Chat server', (wire) => {
  const { path, long, picture, error, cut } = DIALECTS[wire];

  it.each([
    ['in one piece', false],
    ['as a stream', true],
  ])('system, tools, calls and results get across, %s', async (_how, stream) => {
    const { url, asked, ledger } = await worker(REPLY);
    const answer = await post(url + path(stream), long(stream));
    expect(answer.status).toBe(200);
    const text = await answer.text();
    for (const part of ['Reading.', 'k1', 'k2', 'é']) expect(text).toContain(part);
    expect(asked).toEqual([expectedRequest(wire === 'gemini' ? 'call_1' : 'c1', stream)]);
    await expect
      .poll(() => ledger.calls())
      .toMatchObject([{ state: 'settled', usage: REPLY.usage, model: 'local' }]);
  });

  it('a delta is with the caller before the next has left the model', async () => {
    const held: (() => void)[] = [];
    const [start = '', text = '', ...rest] = chatEvents(REPLY);
    const { url } = await worker(REPLY, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(start + text);
      held.push(() => response.end(rest.join('')));
    });
    const answer = await post(url + path(true), long(true));
    const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
    const readTo = async (mark: string): Promise<string> => {
      const { done, value } = await reader.read();
      const text = Buffer.from(value ?? []).toString();
      return done || text.includes(mark) ? text : text + (await readTo(mark));
    };
    const before = await readTo('Reading.');
    expect(before).toContain('Reading.');
    expect(before).not.toContain('k1');
    held[0]?.();
    expect(await readTo('k2')).toContain('k2');
  });

  it('a picture is refused by its place, and no model is asked', async () => {
    const { url, asked, ledger, failures } = await worker(REPLY);
    const answer = await post(url + path(false), picture);
    expect(answer.status).toBe(400);
    const body: unknown = await answer.json();
    expect(error.safeParse(body).success).toBe(true);
    expect(JSON.stringify(body)).toMatch(/reads text only: (messages|input|contents)\.0\./);
    expect(asked).toEqual([]);
    expect(failures()).toEqual(['call_refused']);
    expect(ledger.calls()).toMatchObject([{ state: 'failed', failure: 'call_refused' }]);
  });

  it('no more tokens is told as that', async () => {
    const { url } = await worker({ ...REPLY, calls: [], cutShort: true });
    const text = await (await post(url + path(true), long(true))).text();
    expect(text).toMatch(/"max_tokens"|"MAX_TOKENS"|"max_output_tokens"/);
  });

  it.each([
    ['its own error', () => 'data: {"error":{"message":"out of memory"}}\n\n'],
    ['its end', () => ''],
    ['half an event', () => 'data: {"choices":[{"ind'],
    ['pieces of a call that began nowhere', () => CALL_OF_NOBODY],
  ])('a stream that stops at %s is told as an error in the protocol', async (_what, last) => {
    const [start = '', text = ''] = chatEvents(REPLY);
    const { url, ledger } = await worker(REPLY, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(start + text + last());
    });
    expect(await (await post(url + path(true), long(true))).text()).toMatch(cut);
    await expect.poll(() => ledger.calls()).toMatchObject([{ state: 'failed' }]);
  });

  it.each([
    ['a web page', '<html>hello</html>', 'model_nonsense'],
    ['an endless one', 'hello '.repeat(300_000), 'model_nonsense'],
    ['nothing', '', 'model_nonsense'],
  ])('%s for a stream is refused before anything leaves', async (_what, body, code) => {
    const { url, failures } = await worker(REPLY, (response) => response.end(body));
    const answer = await post(url + path(true), long(true));
    expect([400, 403]).toContain(answer.status);
    expect(error.safeParse(await answer.json()).success).toBe(true);
    await expect.poll(failures).toEqual([code]);
  });
});

const CALL_OF_NOBODY =
  'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":3,"function":{"arguments":"{"}}]}}]}\n\n';

function expectedRequest(id: string, stream: boolean): StrictRequest {
  return {
    model: 'local',
    stream,
    ...(stream ? { stream_options: { include_usage: true as const } } : {}),
    messages: [
      { role: 'system', content: 'You are an agent.' },
      { role: 'user', content: 'Do the task.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id, type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } },
        ],
      },
      { role: 'tool', tool_call_id: id, content: 'A' },
    ],
    tools: [
      {
        type: 'function',
        function: {
          name: 'read',
          description: 'reads',
          parameters: { type: 'object', properties: { path: { type: 'string' } } },
        },
      },
    ],
    max_tokens: 500,
  };
}

const anyReply: fc.Arbitrary<Reply> = fc.record({
  id: fc.constant('c'),
  model: fc.string(),
  text: fc.string({ unit: 'grapheme' }),
  calls: fc.array(
    fc.record({
      id: fc.string({ minLength: 1 }),
      name: fc.string({ minLength: 1 }),
      input: fc.json(),
      custom: fc.constant(false),
    }),
    { maxLength: 4 },
  ),
  cutShort: fc.boolean(),
  usage: fc.record({ inputTokens: fc.nat(), outputTokens: fc.nat() }),
});

function piecesRead(chunks: readonly Uint8Array[]): Piece[] {
  const cutter = eventCutter();
  const reader = chatPieces();
  const read = chunks
    .flatMap((chunk) => cutter.push(chunk))
    .flatMap(({ data }) => (data === null ? [] : reader.read(data)));
  const end = reader.end();
  return end === null ? read : [...read, end];
}

describe('a stream of Chat', () => {
  it('says the same wherever the network cuts it', () => {
    fc.assert(
      fc.property(anyReply, fc.array(fc.nat(4_000)), (reply, cuts) => {
        const bytes = Buffer.from(chatEvents(reply).join(''));
        const edges = [0, ...cuts.map((at) => at % bytes.length).sort((a, b) => a - b)];
        const chunks = edges.map((from, index) => bytes.subarray(from, edges[index + 1]));
        const expected = piecesOf(reply).map((piece) =>
          piece.kind === 'start' ? { ...piece, usage: null } : piece,
        );
        expect(piecesRead(chunks)).toEqual(expected.filter(isTold));
      }),
    );
  });

  it.each(WIRES)('comes out in %s as a whole stream with the usage at its end', (wire) => {
    fc.assert(
      fc.property(anyReply, (reply) => {
        const write = PROTOCOLS[wire].streamWriter(true);
        const events = piecesOf({ ...reply, usage: null }).map((piece) =>
          write(piece.kind === 'end' ? { ...piece, usage: reply.usage } : piece),
        );
        const all = eventCutter().push(Buffer.from(events.join('')));
        const seen = all.reduce(
          (before, { data }) =>
            data === null ? before : (PROTOCOLS[wire].watch(data, before) ?? before),
          NOTHING_SEEN,
        );
        expect(seen).toMatchObject({ ended: true, failed: false });
        expect(seen.usage?.outputTokens).toBe(reply.usage?.outputTokens);
      }),
    );
  });

  it('a call of a custom tool is held until its text is whole', () => {
    const tool = { name: 'patch', description: '', parameters: {}, custom: true };
    const conversation: Conversation = {
      ...{ model: '', stream: true, streamUsage: true, messages: [], maxOutputTokens: null },
      tools: [tool],
    };
    const custom = customCalls(conversation);
    const told = (piece: Piece) => custom(piece);
    expect(told({ kind: 'call', id: 'k', name: 'patch', custom: false })).toEqual([]);
    expect(told({ kind: 'input', input: '{"input":"*** ' })).toEqual([]);
    expect(told({ kind: 'input', input: 'Begin"}' })).toEqual([]);
    expect(told({ kind: 'called' })).toMatchObject([
      { kind: 'call', custom: true, id: 'k' },
      { kind: 'input', input: '*** Begin' },
      { kind: 'called' },
    ]);
  });
});

/** An input of nothing is not told: there is no delta for it. */
function isTold(piece: Piece): boolean {
  return piece.kind !== 'input' || piece.input !== '';
}
