/** The harness as the gateway sees it: real requests to a real gateway, in each protocol. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../orchestrator/domain/canonical.ts';
import { Harness, HarnessNote } from '../../../orchestrator/domain/harness.ts';
import type { Digest } from '../../../orchestrator/domain/ids.ts';
import type { HarnessTerms } from '../../../orchestrator/ports/harness.ts';
import { digest } from '../../policies/sample.ts';
import { gatewayWith, post, RUN, scripted } from '../open.ts';

const RULES = 'Keep the tests green.\n';
const TOOL = { type: 'function', function: { name: 'bash', parameters: { type: 'object' } } };
const CALLS = {
  '/v1/chat/completions': {
    ...{ model: 'm', temperature: 0, tools: [TOOL] },
    messages: [
      { role: 'system', content: `Be good.\n${RULES}` },
      { role: 'user', content: 'task' },
    ],
  },
  '/v1/messages': {
    ...{ model: 'm', max_tokens: 10, system: 'Be good.' },
    messages: [{ role: 'user', content: `<rules>\n${RULES}</rules> task` }],
    tools: [{ name: 'Bash', input_schema: { type: 'object' } }],
  },
  '/v1/responses': {
    ...{
      model: 'm',
      input: [
        { role: 'developer', content: 'Be good.' },
        { role: 'user', content: 'task' },
      ],
    },
    tools: [{ type: 'function', name: 'exec', parameters: {} }],
  },
} as const;
const CHAT = '/v1/chat/completions';
const PATHS = Object.keys(CALLS) as (keyof typeof CALLS)[];

async function watched(over: Partial<HarnessTerms> = {}) {
  const kept = new Map<Digest, string>();
  const terms: HarnessTerms = {
    ...{ agent: 'codex 1.2.3', image: 'sha256:1', policy: digest('b') },
    rules: [{ path: 'AGENTS.md', digest: sha256(RULES), text: RULES }],
    toolProblem: () => null,
    expected: null,
    keep: async (bytes) => {
      const text = Buffer.from(bytes).toString('utf8');
      kept.set(sha256(text), text);
      return sha256(text);
    },
    ...over,
  };
  const opened = await gatewayWith({
    model: scripted('  - say: hello\n  - say: more\n'),
    harness: terms,
  });
  const notesOf = (kind: string): string[] =>
    opened.notes.flatMap((note) =>
      note.startsWith(`${kind}: `) ? [note.slice(kind.length + 2)] : [],
    );
  const harnesses = (): Harness[] =>
    notesOf('harness').map((text) => {
      const { evidence } = HarnessNote.parse(JSON.parse(text));
      return Harness.parse(JSON.parse(kept.get(evidence) ?? ''));
    });
  return { ...opened, kept, notesOf, harnesses };
}

describe('a harness', () => {
  it.each([
    [CHAT, { found: 'system', tool: 'bash', protocol: 'chat', parameters: { temperature: 0 } }],
    [
      '/v1/messages',
      { found: 'user', tool: 'Bash', protocol: 'messages', parameters: { max_tokens: 10 } },
    ],
    ['/v1/responses', { found: 'missing', tool: 'exec', protocol: 'responses', parameters: {} }],
  ] as const)('is written down as it went over the wire: %s', async (path, expected) => {
    const { url, harnesses, kept } = await watched();
    expect(
      (await post(url + path, CALLS[path], { headers: { 'user-agent': 'cli/1' } })).status,
    ).toBe(200);
    const [harness] = harnesses();
    expect(harness).toMatchObject({
      ...{ role: 'edit', attempt: 1, agent: 'codex 1.2.3', userAgent: 'cli/1', session: 'one' },
      ...{ protocol: expected.protocol, parameters: expected.parameters },
      model: { requested: 'm', served: 'scripted' },
      rules: [{ path: 'AGENTS.md', found: expected.found }],
      tools: [{ name: expected.tool }],
      system: [{ begins: expect.stringMatching(/^Be good\./) }],
    });
    expect(kept.get(harness?.system[0]?.text as Digest)).toContain('Be good.');
  });

  it('is written down once for a session, and again when it is another', async () => {
    const { url, harnesses } = await watched();
    const { tools: _, ...without } = CALLS[CHAT];
    for (const body of [CALLS[CHAT], CALLS[CHAT], without, CALLS[CHAT]])
      await post(url + CHAT, body);
    await post(url + CHAT, CALLS[CHAT], { headers: { 'x-session-id': 'other' } });
    const seen = harnesses();
    expect(seen.map(({ tools }) => tools.length)).toEqual([1, 0, 1]);
    expect(seen[2]?.digest).toBe(seen[0]?.digest);
    expect(seen[2]?.session).not.toBe('one');
  });

  it('is of the role in the address, and written down again for another', async () => {
    const { url, harnesses } = await watched();
    for (const role of ['plan', 'title', 'plan'])
      await post(`${url}/run/${RUN}/${role}${CHAT}`, CALLS[CHAT]);
    const seen = harnesses();
    expect(seen.map(({ role }) => role)).toEqual(['plan', 'title']);
    expect(seen[1]?.digest).toBe(seen[0]?.digest);
  });

  it('has the same digest on another day and with other rules, and another raw one', async () => {
    const { url, harnesses } = await watched();
    const on = (date: string) => ({
      ...CALLS[CHAT],
      messages: [{ role: 'system', content: `Today's date: ${date}` }, CALLS[CHAT].messages[1]],
    });
    await post(url + CHAT, on('2026-01-01'), { headers: { 'x-session-id': 'a' } });
    await post(url + CHAT, on('2027-02-02'), { headers: { 'x-session-id': 'b' } });
    const [one, two] = harnesses();
    expect(two?.digest).toBe(one?.digest);
    expect(two?.raw).not.toBe(one?.raw);
  });

  it('is bounded, whatever an agent makes of it', async () => {
    const { url, harnesses, notesOf, kept } = await watched();
    const many = Array.from({ length: 600 }, (_, at) => ({
      type: 'function',
      function: { name: `t${at}-${'x'.repeat(500)}` },
    }));
    const system = Array.from({ length: 70 }, (_, at) => ({ role: 'system', content: `s${at}` }));
    const messages = [...system, { role: 'user', content: 'task' }];
    await post(url + CHAT, {
      model: 'm'.repeat(999),
      big: 'x'.repeat(9_999),
      messages,
      tools: many,
    });
    const [harness] = harnesses();
    expect(harness).toMatchObject({ leftOut: { tools: 88, system: 6 } });
    expect(harness?.tools[0]?.name).toHaveLength(200);
    expect(harness?.parameters).toMatchObject({ big: expect.stringMatching(/^sha256:/) });
    expect(Math.max(...[...kept.values()].map(({ length }) => length))).toBeLessThan(300_000);
    for (let at = 0; at < 60; at += 1) await post(url + CHAT, { ...CALLS[CHAT], top_p: at });
    expect(harnesses()).toHaveLength(50);
    expect(notesOf('alarm')).toEqual([
      'more than 50 harnesses in one attempt; further ones are not kept',
    ]);
  });

  it.each(PATHS)('that cannot be read whole is looked at all the same: %s', async (path) => {
    const { url, harnesses } = await watched();
    const odd =
      '{"model":"m","tools":[{"name":"\\ud800","deep":' +
      `${'['.repeat(200)}1e999${']'.repeat(200)}}]`;
    const rest =
      path === '/v1/responses'
        ? ',"input":"task"}'
        : ',"messages":[{"role":"user","content":"task"}]}';
    await post(url + path, odd + rest);
    expect(harnesses()).toHaveLength(1);
  });
});

describe('a tool that the policy denies', () => {
  it.each(PATHS)(
    'ends every call that offers it, in the words of the protocol: %s',
    async (path) => {
      const why = 'the tool "X" is denied to the coder (policy.yaml:3)';
      const { url, notes, ledger, failures } = await watched({ toolProblem: () => why });
      for (const _ of [1, 2]) {
        const answer = await post(url + path, CALLS[path]);
        expect(answer.status).toBe(path === '/v1/responses' ? 400 : 403);
        expect(JSON.stringify(await answer.json())).toContain('is denied to the coder');
      }
      expect(failures()).toEqual(['harness_refused', 'harness_refused']);
      expect(notes.filter((note) => note.startsWith('harness-refused'))).toEqual([
        `harness-refused: ${why}`,
      ]);
      expect(JSON.stringify(ledger)).not.toContain('settled');
      expect((await watchedAllowed(path)).status).toBe(200);
    },
  );

  async function watchedAllowed(path: keyof typeof CALLS) {
    return post((await watched()).url + path, CALLS[path]);
  }

  it('is seen when it comes later, after calls that were fine', async () => {
    const toolProblem = (name: string) => (name === 'WebFetch' ? 'denied' : null);
    const { url } = await watched({ toolProblem });
    expect((await post(url + CHAT, CALLS[CHAT])).status).toBe(200);
    const more = { ...CALLS[CHAT], tools: [TOOL, { ...TOOL, function: { name: 'WebFetch' } }] };
    expect((await post(url + CHAT, more)).status).toBe(403);
  });
});

describe('a harness that is not the expected one', () => {
  const expecting = (onOther: 'alarm' | 'refuse', digests: readonly string[]) => ({
    expected: { digests, onOther, where: 'policy.yaml:4' },
  });

  it('is refused, or only told of, as the policy says', async () => {
    const refusing = await watched(expecting('refuse', [digest('0')]));
    expect((await post(refusing.url + CHAT, CALLS[CHAT])).status).toBe(403);
    expect(refusing.notesOf('harness-refused')[0]).toMatch(/none of those .* \(policy.yaml:4\)$/);
    const telling = await watched(expecting('alarm', []));
    for (const _ of [1, 2]) expect((await post(telling.url + CHAT, CALLS[CHAT])).status).toBe(200);
    expect(telling.notesOf('alarm')).toHaveLength(1);
    const [seen] = telling.harnesses();
    const pinned = await watched(expecting('refuse', [digest('0'), seen?.digest ?? '']));
    expect((await post(pinned.url + CHAT, CALLS[CHAT])).status).toBe(200);
    expect(pinned.notesOf('alarm')).toEqual([]);
  });
});
