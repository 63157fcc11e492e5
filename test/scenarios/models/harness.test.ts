/** With what a real agent ran, what a policy makes of it, and a run that is recorded and played again. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runHarness } from '../../../orchestrator/commands/harness.ts';
import { modelRecord } from '../../../orchestrator/commands/model.ts';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { Harness } from '../../../orchestrator/domain/harness.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { contextFor } from '../context.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../support.ts';
import { scenarioIn, TINY_POLICY, tinyRepository } from '../tiny.ts';

const TASK = 'Add a file of more sums';
const STEPS = [
  { say: 'I look first.', shell: 'cat src/sum.mjs' },
  { write: { path: 'src/more.mjs', content: 'export const more = (a) => a + 1;\n' } },
  { say: 'Done with sums.' },
];
const RULES = { 'AGENTS.md': 'Keep the tests green, and say so.\n' };

async function harnessesOf(factory: Factory, run: RunId): Promise<Harness[]> {
  const context = contextFor(factory);
  await runHarness({ ...context, json: true }, run);
  return JSON.parse(context.printed[0] ?? '').harnesses;
}

async function treeOf(factory: Factory, run: RunId): Promise<string | undefined> {
  const journal = await factory.store.read(run);
  return journal
    .flatMap(({ event }) => (event.type === 'change_sealed' ? [event.change.tree] : []))
    .at(-1);
}

describe('Codex', () => {
  it('has one harness from run to run, is told the rules, and a run of it can be played again', async () => {
    const factory = await testFactory('harness', scenarioIn(scratch('models'), TASK, STEPS));
    const repository = tinyRepository(path.join(factory.home, 'tiny'), RULES);
    const runs = [];
    for (const text of [TASK, `${TASK}, please`]) {
      const task = await queue(factory, repository, text);
      expect(await settle(factory, task.id)).toMatchObject({ outcome: { kind: 'published' } });
      runs.push({ id: task.id, harnesses: await harnessesOf(factory, task.id) });
    }
    const [one, two] = runs;
    expect(one?.harnesses).toHaveLength(1);
    expect(one?.harnesses[0]).toMatchObject({
      ...{ protocol: 'responses', agent: expect.stringMatching(/^codex \d/) },
      ...{ userAgent: expect.stringContaining('codex'), model: { served: 'scripted' } },
      rules: [{ path: 'AGENTS.md', found: 'user' }],
    });
    expect(one?.harnesses[0]?.tools.map(({ name }) => name)).toContain('exec_command');
    expect(two?.harnesses[0]?.digest).toBe(one?.harnesses[0]?.digest);

    const models = scratch('recorded');
    const out = path.join(models, 'again.yaml');
    const id = one?.id ?? ('' as RunId);
    await modelRecord(contextFor(factory), { run: id, attempt: null, out });
    expect(readFileSync(out, 'utf8')).toContain('shell: cat src/sum.mjs');
    const again = await testFactory('played', models);
    const copy = tinyRepository(path.join(again.home, 'tiny'), RULES);
    const task = await queue(again, copy, TASK);
    await settle(again, task.id);
    expect(await treeOf(again, task.id)).toBe(await treeOf(factory, id));
    expect(leftOver(task.id)).toEqual([]);
  });

  it('that offers a tool which the policy denies asks no model, and the run says why', async () => {
    const factory = await testFactory('denied', scenarioIn(scratch('models'), TASK, STEPS));
    const repository = tinyRepository(path.join(factory.home, 'tiny'), {
      '.proofhouse/policy.yaml': `${TINY_POLICY}agents: { coder: { tools: { deny: ["exec_*"] } } }\n`,
    });
    const task = await queue(factory, repository, TASK);
    const run = await settle(factory, task.id);
    expect(run).toMatchObject({ outcome: { kind: 'broke', code: 'harness_refused' } });
    expect(JSON.stringify(run)).toContain('is denied to the coder (.proofhouse/policy.yaml:');
    expect(await factory.store.calls(task.id)).toEqual([]);
    expect(leftOver(task.id)).toEqual([]);
  });
});
