import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../../orchestrator/domain/ids.ts';
import type { NamedFile } from '../../../orchestrator/ports/upkeep.ts';
import { collectEvidence, MEDIA_MS, RECORD_MS } from '../../../validators/evidence/retention.ts';
import { openEvidenceStore } from '../../../validators/evidence/store.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const given = { folder: '' };
beforeEach(() => {
  given.folder = mkdtempSync(join(tmpdir(), 'proofhouse-evidence-'));
});
afterEach(() => rmSync(given.folder, { recursive: true }));

const ago = (ms: number): number => NOW.getTime() - ms;
const OVER: NamedFile = { isKept: false, isMedia: false, at: ago(MEDIA_MS + 1000) };
const MEDIA: NamedFile = { ...OVER, isMedia: true };

/** A file that was put so long ago. */
async function stored(text: string, ageMs = MEDIA_MS + 1000): Promise<Digest> {
  const store = openEvidenceStore(given.folder);
  const digest = await store.put(Buffer.from(text));
  const at = new Date(ago(ageMs));
  utimesSync(store.path(digest), at, at);
  return digest;
}
const pathOf = (digest: Digest) => openEvidenceStore(given.folder).path(digest);
const isThere = (digest: Digest) => existsSync(pathOf(digest));

async function collected(named: readonly (readonly [Digest, NamedFile])[], isDryRun = false) {
  let asked = 0;
  const removed = await collectEvidence(
    {
      folder: given.folder,
      now: NOW,
      named: async () => {
        asked += 1;
        return new Map(named);
      },
    },
    isDryRun,
  );
  return { removed: removed.map(({ path }) => path), asked };
}

describe('it goes', () => {
  test('when it is a picture of a run that ended two weeks ago', async () => {
    const digest = await stored('picture');
    expect(await collected([[digest, MEDIA]])).toEqual({ removed: [pathOf(digest)], asked: 1 });
    expect(isThere(digest)).toBe(false);
  });

  test('when it is a report of a run that ended half a year ago', async () => {
    const digest = await stored('report');
    await collected([[digest, { ...OVER, at: ago(RECORD_MS + 1000) }]]);
    expect(isThere(digest)).toBe(false);
  });

  test('when no journal names it, or it was never whole', async () => {
    const digest = await stored('of nobody');
    const half = join(dirname(pathOf(digest)), 'half.new');
    writeFileSync(half, 'half');
    utimesSync(half, 0, 0);
    expect((await collected([])).removed).toHaveLength(2);
    expect([isThere(digest), existsSync(half)]).toEqual([false, false]);
  });
});

describe('it stays', () => {
  test.each([
    ['of a run that goes on or was published', { ...MEDIA, isKept: true, at: 0 }],
    ['a report, for half a year', OVER],
    ['a picture of a run that ended lately', { ...MEDIA, at: ago(1000) }],
  ])('when it is %s, and is not asked about again for two weeks', async (_, file) => {
    const digest = await stored('kept');
    expect((await collected([[digest, file]])).removed).toEqual([]);
    expect(isThere(digest)).toBe(true);
    expect(await collected([[digest, file]])).toEqual({ removed: [], asked: 0 });
  });

  test('when it was put lately, whoever names it, and no journal is read', async () => {
    const digest = await stored('new', 1000);
    expect(await collected([])).toEqual({ removed: [], asked: 0 });
    expect(isThere(digest)).toBe(true);
  });

  test('when it was only asked what would go', async () => {
    const digest = await stored('picture');
    const { mtimeMs } = statSync(pathOf(digest));
    expect((await collected([[digest, MEDIA]], true)).removed).toHaveLength(1);
    expect(statSync(pathOf(digest)).mtimeMs).toBe(mtimeMs);
  });

  test('when somebody put it again while the journals were read', async () => {
    const digest = await stored('twice');
    await collectEvidence(
      {
        folder: given.folder,
        now: NOW,
        named: async () => {
          await openEvidenceStore(given.folder).put(Buffer.from('twice'));
          return new Map();
        },
      },
      false,
    );
    expect(isThere(digest)).toBe(true);
  });
});

test('a folder that is not there has nothing to collect', async () => {
  expect(await collected([])).toEqual({ removed: [], asked: 0 });
});
