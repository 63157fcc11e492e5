import { describe, expect, test } from 'vitest';
import { runHarness, runHarnessDiff } from '../../../orchestrator/commands/harness.ts';
import { sha256 } from '../../../orchestrator/domain/canonical.ts';
import type { Harness } from '../../../orchestrator/domain/harness.ts';
import { digest } from '../../policies/sample.ts';
import { AT, RUN, WAITING } from '../fixtures.ts';
import { type Desk, desk, journaled } from './context.ts';

const PROMPT = 'You are an agent.\nUse Bash.\nBe brief.\n';
const OTHER = 'You are an agent.\nUse Bash with care.\nBe brief.\n';

const tool = (name: string, schema: string) => ({
  ...{ name, schema: digest(schema), description: digest('d'), bytes: 1_234 },
});
const block = (text: string) => ({
  ...{ bytes: 17_040, raw: sha256(`raw ${text}`), normal: sha256(text), text: sha256(text) },
  begins: text.slice(0, 17),
});

const HARNESS: Harness = {
  ...{ version: 1, run: RUN, attempt: 1, role: 'coder', session: 'one', protocol: 'messages' },
  ...{ userAgent: 'cli/1.0 \u001b[31m', agent: 'claude-code 1.0', image: 'sha256:12' },
  policy: digest('b'),
  model: { requested: 'large', served: 'scripted' },
  parameters: { max_tokens: 100 },
  system: [block(PROMPT)],
  tools: [tool('Bash', '1'), tool('Read', '2')],
  rules: [
    { path: 'AGENTS.md', digest: digest('c'), found: 'system' },
    { path: 'docs/rules.md', digest: digest('d'), found: 'missing' },
  ],
  leftOut: { system: 0, tools: 3 },
  ...{ digest: digest('e'), raw: digest('f') },
};
const NEXT: Harness = {
  ...HARNESS,
  ...{ session: 'ab12', attempt: 2, agent: 'claude-code 2.0', digest: digest('1') },
  parameters: { max_tokens: 100, thinking: { budget: 5 } },
  system: [block(OTHER)],
  tools: [tool('Bash', '9'), tool('WebFetch', '3')],
  rules: [HARNESS.rules[0] as Harness['rules'][number]],
};

async function ran(...harnesses: readonly Harness[]): Promise<Desk> {
  const one = desk();
  await journaled(one, WAITING);
  const { evidence } = one.context.reading();
  for (const text of [PROMPT, OTHER]) await evidence.put(Buffer.from(text));
  for (const [index, harness] of harnesses.entries()) {
    const { digest: of, role, session, attempt } = harness;
    const kept = await evidence.put(Buffer.from(JSON.stringify(harness)));
    const text = JSON.stringify({ digest: of, evidence: kept, role, session });
    await one.store.note({
      run: RUN,
      attempt,
      source: 'gateway',
      index,
      at: AT,
      kind: 'harness',
      text,
    });
  }
  return one;
}

describe('run harness', () => {
  test('shows with what the agent ran, and nothing that a terminal would act on', async () => {
    const one = await ran(HARNESS, HARNESS);
    const source = 'gateway';
    const alarm = { run: RUN, attempt: 1, source, index: 9, at: AT, kind: 'alarm' } as const;
    await one.store.note({ ...alarm, text: 'the harness is another' });
    expect(await runHarness(one.context, RUN)).toBe(0);
    const short = (text: string): string => text.replaceAll(/([0-9a-f])\1{63}/g, '$1…');
    expect(short(one.said.join('\n'))).toMatchInlineSnapshot(`
      "ALARM  the harness is another

      r0000001:1  attempt 1, coder, messages
        harness     sha256:e…
        agent       claude-code 1.0, calls itself cli/1.0 ·[31m
        image       sha256:12
        model       scripted, asked for as large
        policy      sha256:b…
        parameters  max_tokens 100
        rules
          AGENTS.md      sha256:cccccccccccc  told in the system prompt
          docs/rules.md  sha256:dddddddddddd  NOT FOUND in what the agent told its model
        system  1, 17.0 KB
          1     17.0 KB     sha256:7a74997dbdf5  "You are an agent.…"
        tools   2, 2.5 KB and 3 more that are not listed
          Bash  1.2 KB                                    sha256:111111111111
          Read  1.2 KB                                    sha256:222222222222"
    `);
  });

  test('is one object with --json', async () => {
    const one = await ran(HARNESS, NEXT);
    await runHarness({ ...one.context, json: true }, RUN);
    expect(JSON.parse(one.said[0] ?? '')).toEqual({
      ...{ run: RUN, harnesses: [HARNESS, NEXT], alarms: [] },
    });
  });

  test('of a run that asked no model, or whose evidence was changed, says so', async () => {
    await expect(runHarness((await ran()).context, RUN)).rejects.toMatchObject({ code: 'not_now' });
    const one = await ran();
    const text = JSON.stringify({
      digest: digest('1'),
      evidence: digest('9'),
      role: 'r',
      session: 's',
    });
    const line = {
      run: RUN,
      attempt: 1,
      source: 'gateway',
      index: 0,
      at: AT,
      kind: 'harness',
    } as const;
    await one.store.note({ ...line, text });
    await expect(runHarness(one.context, RUN)).rejects.toMatchObject({ code: 'store_failed' });
  });
});

describe('run harness diff', () => {
  test('tells what differs: tools first, then instructions line by line', async () => {
    const one = await ran(HARNESS, NEXT);
    expect(await runHarnessDiff(one.context, RUN, `${RUN}:2`)).toBe(0);
    expect(one.said.join('\n').replaceAll(/([0-9a-f])\1{63}/g, '$1…')).toMatchInlineSnapshot(`
      "r0000001    sha256:e…
      r0000001:2  sha256:1…

      The agents did not run with the same instructions, tools and parameters.
      ~ tool Bash, schema: sha256:111111111111 became sha256:999999999999
      - tool Read
      + tool WebFetch
      ~ system 1: 17040 bytes became 17040 bytes
          - Use Bash.
          + Use Bash with care.
      - rules docs/rules.md: missing, sha256:dddddddddddd
      + parameter thinking: {"budget":5}
      ~ agent: claude-code 1.0 became claude-code 2.0"
    `);
  });

  test('says that there is no difference', async () => {
    const one = await ran(HARNESS);
    await runHarnessDiff(one.context, RUN, RUN);
    expect(one.said[0]).toMatch(
      /The agents ran with the same instructions, tools and parameters\.$/,
    );
    await runHarnessDiff({ ...one.context, json: true }, RUN, RUN);
    expect(JSON.parse(one.said[1] ?? '')).toMatchObject({ isSame: true, changes: [] });
  });

  test.each([`${RUN}:2`, `${RUN}:0`, `${RUN}:x`])('%s is none', async (named) => {
    const one = await ran(HARNESS);
    await expect(runHarnessDiff(one.context, RUN, named)).rejects.toThrow(
      /names no harness; r0000001 has 1/,
    );
  });
});
