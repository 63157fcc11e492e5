import { describe, expect, test } from 'vitest';
import type { Digest } from '../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../orchestrator/domain/run-state.ts';
import { namedEvidence, namedIn } from '../../orchestrator/evidence-named.ts';
import type { JournalEntry, Store } from '../../orchestrator/ports.ts';
import {
  AT,
  CHECK,
  digest,
  EVENTS,
  JOURNEY,
  LATER,
  PREPARED,
  RED,
  TASK,
  WAITING,
} from './fixtures.ts';

const PICTURE = digest('c');
const REPORT = digest('d');
const checks = [
  {
    ...RED,
    evidence: [
      { name: 'a.png', digest: PICTURE, bytes: 1, mediaType: 'image/png' },
      { name: 'junit.xml', digest: REPORT, bytes: 1, mediaType: 'application/xml' },
    ],
  },
];
const failed: RunEvent = { ...EVENTS.validation_failed, checks };
const journalOf = (events: readonly RunEvent[], last = AT): JournalEntry[] =>
  events.map((event, seq) => ({ seq, event, at: seq === events.length - 1 ? last : AT }));
/** Ended without anything that was published. */
const GAVE_UP = journalOf([...JOURNEY.slice(0, 5), failed, EVENTS.cancelled], LATER);
const named = (journal: readonly JournalEntry[], digest: Digest) => namedIn(journal).get(digest);

describe('evidence of a run', () => {
  test('may go once the run is over, and pictures are told from the rest', () => {
    const at = Date.parse(LATER);
    expect(named(GAVE_UP, PICTURE)).toEqual({ isKept: false, isMedia: true, at });
    expect(named(GAVE_UP, REPORT)).toEqual({ isKept: false, isMedia: false, at });
  });

  test('stays while the run goes on or waits', () => {
    expect(named(GAVE_UP.slice(0, -1), PICTURE)).toMatchObject({ isKept: true });
    expect(named(journalOf(WAITING), CHECK.definition)).toMatchObject({ isKept: true });
  });

  test('stays when it was published, whatever names it', () => {
    const journal = journalOf(JOURNEY);
    expect(named(journal, PREPARED.machine ?? PICTURE)).toMatchObject({ isKept: true });
  });
});

const NOTHING = { get: async () => null };
const store = (
  journals: readonly (readonly JournalEntry[])[],
): Parameters<typeof namedEvidence>[0] => ({
  tasks: async () => journals.map((_, at) => ({ ...TASK, id: `r000000${at}` as typeof TASK.id })),
  read: async (run) => journals[Number(run.slice(-1))] ?? [],
  kept: async () => [] as Awaited<ReturnType<Store['kept']>>,
});

test('of two runs that name it, the one that needs it longer counts', async () => {
  const both = await namedEvidence(store([GAVE_UP, GAVE_UP.slice(0, -1), GAVE_UP]), NOTHING);
  expect(both.get(PICTURE)).toMatchObject({ isKept: true, at: Date.parse(LATER) });
  const alone = await namedEvidence(store([GAVE_UP]), NOTHING);
  expect(alone.get(PICTURE)).toMatchObject({ isKept: false });
});

test('what only the list of a bundle names stays', async () => {
  const manifest = digest('7');
  const opened = { ...EVENTS.pull_request_opened, bundle: { manifest, envelope: digest('8') } };
  const published = journalOf([...JOURNEY.slice(0, -1), opened]);
  const list = { files: [{ role: 'statements', sha256: REPORT.slice('sha256:'.length) }] };
  const evidence = {
    get: async (asked: Digest) => (asked === manifest ? Buffer.from(JSON.stringify(list)) : null),
  };
  const named = await namedEvidence(store([published]), evidence);
  expect(named.get(REPORT)).toMatchObject({ isKept: true });
  expect((await namedEvidence(store([published]), NOTHING)).has(REPORT)).toBe(false);
});
