/** The same is not checked twice; whatever decides a check is part of what it is found again by. */
import { describe, expect, test } from 'vitest';
import type { Check } from '../../../orchestrator/domain/check.ts';
import type { EvidenceStore } from '../../../orchestrator/ports.ts';
import { checkKey, type Known, knownOr } from '../../../orchestrator/stages/known-check.ts';
import type { RunningRule } from '../../../policies/schema.ts';
import { emptyMemory, openMemoryStore } from '../../contracts/memory-store.ts';
import { AT, CHECK, digest, RED, RUN, sha, TASK } from '../fixtures.ts';
import { strict } from '../strict.ts';
import { BASE, TREE } from './tools.ts';

const RULE: RunningRule = {
  ...{ kind: 'command', run: ['npm', 'test'], image: 'base', reports: { junit: 'j.xml' } },
  ...{ timeoutMs: 1, memoryBytes: 1, minTests: 1, requiredFor: ['**'], testsFrom: 'head' },
};
const PLACE = { run: RUN, attempt: 1, repository: TASK.repository, base: BASE };
const SERVICE = {
  ...{ name: 'db', image: 'postgres', argv: ['x'], env: {}, ready: { port: 5432 }, readyMs: 1 },
  ...{ seed: [], memoryBytes: 1, data: null },
};
const KNOWN: Known = {
  ...{ place: PLACE, tree: TREE, plan: null, id: 'unit', services: [] },
  ...{ definition: RULE, policy: digest('1') },
};
const FILE = { name: 'tests.json', digest: digest('7'), bytes: 1, mediaType: 'application/json' };
const GREEN: Check = { ...CHECK, evidence: [FILE] };

function memory(
  held: readonly string[] = [FILE.digest],
  images = (name: string) => `sha256:${name}`,
) {
  const store = openMemoryStore(emptyMemory(), () => new Date(AT));
  const there = new Set(held);
  const evidence = strict<EvidenceStore>('evidence', {
    get: async (asked) => (there.has(asked) ? Buffer.from('x') : null),
  });
  const tools = { store, evidence, image: async (name: string) => images(name) };
  let made = 0;
  const ask = (known: Known, comesTo: Check = GREEN) =>
    knownOr(tools, known, async () => {
      made += 1;
      return comesTo;
    });
  return { tools, there, ask, made: () => made };
}

test('the same is found, says where it is from, and is not made again', async () => {
  const { ask, made } = memory();
  expect(await ask(KNOWN)).toMatchObject({ cachedFrom: null });
  const later = { ...KNOWN, id: 'other-name', place: { ...PLACE, attempt: 2 } };
  expect(await ask(later)).toEqual({
    ...{ ...GREEN, validator: 'other-name' },
    cachedFrom: { run: RUN, attempt: 1 },
  });
  expect(made()).toBe(1);
});

test.each<[string, Partial<Known>]>([
  ['tree', { tree: sha('c') }],
  ['base', { place: { ...PLACE, base: sha('d') } }],
  ['repository', { place: { ...PLACE, repository: '/other' } }],
  ['command', { definition: { ...RULE, run: ['true'] } as RunningRule }],
  ['image', { definition: { ...RULE, image: 'browser' } as RunningRule }],
  ['number of tests that is asked for', { definition: { ...RULE, minTests: 2 } as RunningRule }],
  ['policy', { policy: digest('2') }],
  ['dependency layer', { plan: { run: [], image: 'base', key: digest('3') } }],
  ['service', { services: [SERVICE] }],
])('another %s is another check', async (_, over) => {
  const { ask, made } = memory();
  await ask(KNOWN);
  expect(await ask({ ...KNOWN, ...over })).toMatchObject({ cachedFrom: null });
  expect(made()).toBe(2);
});

test('an image of the same name that was built anew is another check', async () => {
  const image = { image: async () => 'sha256:old' };
  const rebuilt = { image: async () => 'sha256:new' };
  expect(await checkKey(image, KNOWN)).not.toBe(await checkKey(rebuilt, KNOWN));
});

describe('never found again is', () => {
  test.each<[string, Check]>([
    ['a failure', { ...RED, evidence: [FILE] }],
    ['what nobody could find out', { ...GREEN, verdict: 'unknown' }],
    ['a test that passed the second time only', { ...GREEN, tries: 2 }],
    ['a flaky test', { ...GREEN, tests: { run: 2, failed: 0, skipped: 0, flaky: 1 } }],
  ])('%s', async (_, check) => {
    const { ask, made } = memory();
    await ask(KNOWN, check);
    await ask(KNOWN, check);
    expect(made()).toBe(2);
  });

  test('one whose evidence is gone or was changed', async () => {
    const { ask, made, there } = memory();
    await ask(KNOWN);
    there.clear();
    expect(await ask(KNOWN)).toMatchObject({ cachedFrom: null });
    expect(made()).toBe(2);
  });
});
