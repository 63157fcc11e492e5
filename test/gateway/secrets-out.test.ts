/** Requests that hold a secret: none reaches a model, in whatever dress, and nothing of it is told. */
import { describe, expect, it } from 'vitest';
import { openAiUpstream } from '../../gateway/model/http-upstream.ts';
import { redactor } from '../../gateway/redact.ts';
import { secretSearch } from '../../gateway/secret-search.ts';
import { EGRESS_ROWS as ROWS } from '../red-team/egress/rows.ts';
import { DIALECTS, WIRES } from './callers.ts';
import { gatewayWith, HASTY, post, scripted, serverThat } from './open.ts';
import { LOOKS_FOR_NOTHING } from './weak-door.ts';

const OURS = 'canary-93be"0c/7dé5f21+of the controller';
const GITHUB = `ghp_${'aB3dE5gH7jK9'.repeat(3)}`;
const PEM = `-----BEGIN RSA PRIVATE KEY-----\nMIIEow${'aB3/E5gH7jK9'.repeat(8)}\n-----END RSA PRIVATE KEY-----`;
const CHAT = '/v1/chat/completions';
const WHOLE = JSON.stringify({
  id: 'c',
  choices: [{ message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
});
const said = (...texts: readonly string[]) => ({
  model: 'm',
  messages: [
    { role: 'user', content: 'task' },
    ...texts.map((content) => ({ role: 'user', content })),
  ],
});

async function guarded(over: { shapes?: boolean; none?: boolean } = {}) {
  const server = await serverThat((response) => response.end(WHOLE));
  const model = { name: 't', model: 'm', url: server.url, key: null, price: null, patience: HASTY };
  const secrets = over.none
    ? LOOKS_FOR_NOTHING
    : { secrets: secretSearch([OURS], over.shapes ?? true) };
  const opened = await gatewayWith({ model: openAiUpstream(model), ...secrets });
  return { ...opened, server };
}

describe(`${ROWS.told.id}: ${ROWS.told.attack}`, () => {
  it.each(WIRES)(
    'goes out where nothing is looked for, and is refused in the shape of %s',
    async (wire) => {
      const { path, long, error } = DIALECTS[wire];
      const body = JSON.stringify(long(false)).replace('Do the task.', `Do the task. ${GITHUB}`);
      const model = scripted('  - say: hello\n  - say: more');
      const weak = await gatewayWith({ model, ...LOOKS_FOR_NOTHING });
      expect((await post(weak.url + path(false), body)).status).toBe(200);
      const opened = await gatewayWith({ model, secrets: secretSearch([OURS], true) });
      const answer = await post(opened.url + path(false), body);
      expect(answer.status).toBe(wire === 'responses' ? 400 : 403);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      const told = await answer.text();
      expect(error.safeParse(JSON.parse(told)).error).toBeUndefined();
      expect(told).toContain('what looks like a GitHub token');
      expect(opened.ledger.calls()).toMatchObject([{ state: 'failed', failure: 'call_refused' }]);
      expect(opened.notes).toEqual([
        expect.stringMatching(/^refused: .*GitHub token in (messages|input|contents)\.\d/),
      ]);
      expect(told + opened.notes.join()).not.toContain(GITHUB.slice(4, 16));
    },
  );

  it.each([
    ['as it is', JSON.stringify(said(OURS))],
    ['inside of JSON', JSON.stringify(said(JSON.stringify({ key: OURS })))],
    ['in a URL', JSON.stringify(said(`https://a/?${encodeURIComponent(OURS)}`))],
    ['in base64', JSON.stringify(said(Buffer.from(`a${OURS}`).toString('base64')))],
    ['in hexadecimal', JSON.stringify(said(Buffer.from(OURS).toString('hex')))],
    ['in escapes', JSON.stringify(said(OURS)).replace('canary', '\\u0063anar\\u0079')],
    ['in the name of a field', JSON.stringify({ ...said('x'), [OURS]: 1 })],
    [
      'in what a tool was given',
      JSON.stringify({
        ...said('x'),
        tools: [{ type: 'function', function: { name: 'a', description: OURS } }],
      }),
    ],
  ])('a value of the controller %s, whatever the policy says of shapes', async (_, body) => {
    const weak = await guarded({ none: true });
    expect((await post(weak.url + CHAT, body)).status).toBe(200);
    const { url, server, notes } = await guarded({ shapes: false });
    expect((await post(url + CHAT, body)).status).toBe(403);
    expect(server.seen).toEqual([]);
    expect(notes[0]).toContain("a value of the controller's environment");
    expect(notes.join()).not.toContain('93be');
  });

  it.each([
    ['an AWS key', `AKIA${'Q7WE4RT2YU5IO8PA'}`],
    ['an Anthropic key', `sk-ant-api03-${'aB3dE5gH7jK9'.repeat(2)}`],
    ['a GitHub token', `github_pat_${'aB3dE5gH7jK9'.repeat(4)}`],
    ['a private key', PEM],
    ['an npm token', `npm_${'aB3dE5gH7jK9'.repeat(3)}`],
  ])('what looks like %s, unless the policy lets shapes pass', async (kind, key) => {
    const loose = await guarded({ shapes: false });
    expect((await post(loose.url + CHAT, said(`x\n${key}`))).status).toBe(200);
    const { url, server, notes } = await guarded();
    expect((await post(url + CHAT, said('x', `x\n${key}`))).status).toBe(403);
    expect(server.seen).toEqual([]);
    expect(notes).toEqual([
      expect.stringContaining(`what looks like ${kind} in messages.2.content`),
    ]);
  });

  it.each([
    'AKIAIOSFODNN7EXAMPLE',
    `ghp_${'x'.repeat(36)}`,
    'ghp_short',
    "const BEGIN = '-----BEGIN RSA PRIVATE KEY-----';",
    'canary-93be',
    `proofhouse-r0000001-${'0a1b'.repeat(12)}`,
  ])('%s is none', async (text) => {
    const { url } = await guarded();
    expect((await post(url + CHAT, said(text))).status).toBe(200);
  });

  it.each([
    ['postgres', 200],
    ['hunter2hunt', 200],
    ['hunter2hunte', 403],
  ])(
    '%s, a secret of ours, may pass only while it is as short as a word',
    async (secret, status) => {
      const { url } = await gatewayWith({
        model: scripted('  - say: hello'),
        secrets: secretSearch([secret], true),
      });
      expect((await post(url + CHAT, said(`it is ${secret}`))).status).toBe(status);
      // What is stored is without it all the same.
      expect(redactor([secret]).text(`it is ${secret}`)).not.toContain(secret);
    },
  );

  it('is found in what is new of a session, at its seam, and in an old part that was changed', async () => {
    const filler = 'word '.repeat(20_000);
    const { url, server } = await guarded();
    expect((await post(url + CHAT, said(filler))).status).toBe(200);
    expect((await post(url + CHAT, said(filler, 'more'))).status).toBe(200);
    expect((await post(url + CHAT, said(filler, GITHUB))).status).toBe(403);
    // The request that was refused is not remembered as clean.
    expect((await post(url + CHAT, said(filler, GITHUB))).status).toBe(403);
    expect((await post(url + CHAT, said(`${filler}${GITHUB.slice(0, 20)}`))).status).toBe(200);
    expect((await post(url + CHAT, said(`${filler}${GITHUB}`))).status).toBe(403);
    expect(
      (await post(url + CHAT, said(`${GITHUB} ${filler.slice(GITHUB.length + 1)}`))).status,
    ).toBe(403);
    expect(server.seen).toHaveLength(3);
  });

  it('is found where the part that is known ends inside of it', async () => {
    const { url } = await guarded();
    // Requests are compared by blocks of 16 KiB; this one ends 20 characters into the token.
    const lead = JSON.stringify(said('')).length - '"}]}'.length;
    const filler = ' '.repeat(16_384 - lead - 20);
    expect((await post(url + CHAT, said(`${filler}${GITHUB.slice(0, 20)} x`))).status).toBe(200);
    expect((await post(url + CHAT, said(filler + GITHUB))).status).toBe(403);
  });

  it('is not hidden by a flood of beginnings', async () => {
    const { url } = await guarded();
    expect((await post(url + CHAT, said('ghp_'.repeat(60_000)))).status).toBe(403);
  });
});
