import { describe, expect, test } from 'vitest';
import { redactor } from '../../gateway/redact.ts';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import type { Source } from '../../orchestrator/ports/source.ts';
import type { EvidenceStore, Forge, PullRequestDraft } from '../../orchestrator/ports.ts';
import {
  redactedEvidence,
  redactedForge,
  redactedSource,
  redactedStore,
} from '../../orchestrator/redacted.ts';
import { emptyMemory, openMemoryStore } from '../contracts/memory-store.ts';
import { sha } from '../policies/sample.ts';
import { AT, EVENTS, RUN, TASK, WAITING } from './fixtures.ts';
import { strict } from './strict.ts';

const SECRET = 'canary-of-the-controller';
const REDACT = redactor([SECRET]);
const KNOWN = '«secret:known»';

function stored() {
  const memory = emptyMemory();
  const inner = openMemoryStore(memory, () => new Date(AT));
  return { store: redactedStore(inner, REDACT), inner };
}

describe('a store', () => {
  test('a task loses it in its text and title', async () => {
    const { store, inner } = stored();
    await store.addTask({ ...TASK, title: `say ${SECRET}`, text: `say ${SECRET}`, source: SECRET });
    expect(await inner.task(RUN)).toEqual({
      ...TASK,
      ...{ title: `say ${KNOWN}`, text: `say ${KNOWN}`, source: KNOWN },
    });
  });

  test('a task whose repository holds it is refused: the name must lead somewhere', async () => {
    const { store, inner } = stored();
    const task = { ...TASK, repository: `/srv/${SECRET}` };
    await expect(store.addTask(task)).rejects.toMatchObject({ code: 'secret_refused' });
    expect(await inner.tasks()).toEqual([]);
  });

  test('an event loses it, wherever in it it stands', async () => {
    const { store, inner } = stored();
    await store.addTask(TASK);
    await store.append(RUN, 0, EVENTS.claimed, null);
    const message = `could not reach http://x/?key=${encodeURIComponent(SECRET)}`;
    const event = { ...EVENTS.machinery_broke, message };
    await store.append(RUN, 1, event, null);
    const [, entry] = await inner.read(RUN);
    expect(entry?.event).toEqual({ ...event, message: `could not reach http://x/?key=${KNOWN}` });
  });

  test('what a person signed is refused, since it could not be changed any more', async () => {
    const { store, inner } = stored();
    await store.addTask(TASK);
    for (const [seq, event] of WAITING.entries()) await store.append(RUN, seq, event, null);
    const seq = WAITING.length;
    const { approval } = EVENTS.approved;
    const record = { ...approval.record, reason: `as ${SECRET} said` };
    const event = { ...EVENTS.approved, approval: { ...approval, record } };
    await expect(store.append(RUN, seq, event, null)).rejects.toMatchObject({
      code: 'secret_refused',
    });
    expect(await inner.read(RUN)).toHaveLength(seq);
    await store.append(RUN, seq, EVENTS.approved, null);
    expect(await inner.read(RUN)).toHaveLength(seq + 1);
  });

  test('a line of the trace and the name of a model lose it', async () => {
    const { store, inner } = stored();
    await store.addTask(TASK);
    const at = { run: RUN, attempt: 1, at: AT };
    const line = { ...at, source: 'agent', index: 0, kind: 'said' } as const;
    await store.note({ ...line, text: JSON.stringify({ key: SECRET }) });
    expect((await inner.activity(RUN)).map(({ text }) => text)).toEqual([`{"key":"${KNOWN}"}`]);
    const usage = { inputTokens: 1, outputTokens: 1 };
    const whose = { ...at, id: 'c', role: 'edit', vendor: '' } as const;
    const call = { ...whose, model: SECRET, usage, microUsd: 1, wallMs: 1, failure: null };
    await store.ledger.reserve(
      { ...call, state: 'reserved' },
      { microUsd: null, tokens: null, turns: null },
    );
    await store.ledger.settle({ ...call, state: 'settled' });
    expect((await inner.calls(RUN)).map(({ model }) => model)).toEqual([KNOWN]);
  });
});

test('evidence, a pull request and a commit message lose it', async () => {
  const seen: string[] = [];
  const evidence = strict<EvidenceStore>('evidence', {
    put: async (bytes) => {
      seen.push(Buffer.from(bytes).toString('utf8'));
      return sha256(bytes);
    },
  });
  await redactedEvidence(evidence, REDACT).put(Buffer.from(`<a b="${SECRET}"/>`));
  const forge = strict<Forge>('forge', {
    ensurePullRequest: async ({ title, body }) => {
      seen.push(title, body);
      return { number: 1 } as never;
    },
  });
  const draft = { title: SECRET, body: `see ${SECRET}` } as PullRequestDraft;
  await redactedForge(forge, REDACT).ensurePullRequest(draft);
  const source = strict<Source>('source', {
    commit: async (_place, _tree, message) => {
      seen.push(message);
      return { commit: sha('a'), from: '/tmp' };
    },
  });
  const place = { run: RUN, attempt: 1, repository: '/r', base: sha('a') };
  await redactedSource(source, REDACT).commit(place, sha('b'), `why: ${SECRET}`, AT);
  expect(seen).toEqual([`<a b="${KNOWN}"/>`, KNOWN, `see ${KNOWN}`, `why: ${KNOWN}`]);
});
