import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RunId } from '../../orchestrator/domain/ids.ts';
import { collect, collectImages, type Lives } from '../../sandboxes/gc.ts';
import { leasesOn, takeLease } from '../../sandboxes/gc-leases.ts';
import { bytesBelow } from '../../sandboxes/gc-survey.ts';
import { strict } from '../orchestrator/strict.ts';

const LIVE = RunId.parse('r0000001');
const OVER = RunId.parse('r0000002');
const REPOSITORY = 'repositories/0123456789abcdef';
const OLD = `${REPOSITORY}/snapshots/aaaa`;
const NEW = `${REPOSITORY}/snapshots/bbbb`;

const lives: Lives = {
  isLive: async (run) => run === LIVE,
  isOver: async (run) => run !== LIVE,
  repositoryOf: async () => null,
  isWorkedOn: async () => false,
};

function homeWith(...folders: string[]): string {
  const home = mkdtempSync(path.join(tmpdir(), 'proofhouse-test-gc-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  for (const folder of folders) {
    mkdirSync(path.join(home, folder), { recursive: true });
    writeFileSync(path.join(home, folder, 'file'), 'x'.repeat(10_000));
  }
  return home;
}

async function used(home: string, layer: string, run: RunId, at: number): Promise<void> {
  await takeLease(path.join(home, layer), run);
  const last = path.join(home, layer, '../../uses/snapshots', path.basename(layer), 'last');
  utimesSync(last, at, at);
}

const options = (home: string, over: Partial<Lives> = {}, keepBytes = 0) => ({
  ...{ home, keepBytes, floorBytes: 0 },
  lives: { ...lives, ...over },
});
const gone = async (home: string, over: Partial<Lives> = {}, keepBytes = 0): Promise<string[]> => {
  const { removed } = await collect(options(home, over, keepBytes), false);
  return removed.map((one) => path.relative(home, one.path));
};
const there = (home: string, folder: string): boolean =>
  existsSync(path.join(home, folder, 'file'));
const removing = (home: string): string[] => readdirSync(path.join(home, 'removing'));

describe('a collection', () => {
  test('removes what was not used for longest, until the rest is within the size', async () => {
    const home = homeWith(OLD, NEW);
    await used(home, NEW, OVER, 2000);
    await used(home, OLD, OVER, 1000);
    const keepBytes = (await collect(options(home), true)).totalBytes - 1;
    expect(await gone(home, {}, keepBytes)).toEqual([OLD]);
    expect(there(home, NEW)).toBe(true);
    expect(removing(home)).toEqual([]);
    expect(await gone(home, {}, keepBytes)).toEqual([]);
  });

  test('keeps a layer that a run stacks on, until that run is over', async () => {
    const home = homeWith(OLD);
    await used(home, OLD, LIVE, 1000);
    const kept = await collect(options(home), false);
    expect(kept).toMatchObject({ removed: [], freedBytes: 0 });
    expect(kept.excessBytes).toBeGreaterThan(0);
    // A stale lease ends with its run.
    expect(await gone(home, { isLive: async () => false })).toEqual([OLD]);
    expect(await leasesOn(path.join(home, OLD))).toEqual([]);
  });

  test('says what would go, and touches nothing, when it is only asked', async () => {
    const home = homeWith(OLD);
    const { removed } = await collect(options(home), true);
    expect(removed).toMatchObject([{ kind: 'snapshot' }]);
    expect(there(home, OLD)).toBe(true);
    expect(existsSync(path.join(home, 'removing'))).toBe(false);
  });

  test('removes what a run that is over had sealed, and of no other', async () => {
    const home = homeWith(`runs/${OVER}/1/change.git`, `runs/${LIVE}/1/change.git`);
    expect(await gone(home)).toEqual([`runs/${OVER}`]);
    expect(there(home, `runs/${LIVE}/1/change.git`)).toBe(true);
  });

  test('removes packages that were not read for longest, and none that is being written', async () => {
    const home = homeWith('packages');
    const names = ['0a', '0b', '.draft'];
    for (const [at, name] of names.entries()) {
      const file = path.join(home, 'packages', name);
      writeFileSync(file, 'x'.repeat(10_000));
      utimesSync(file, 1000 - at, 1000 - at);
    }
    rmSync(path.join(home, 'packages/file'));
    const keepBytes = (await collect(options(home), true)).totalBytes - 1;
    expect(await gone(home, {}, keepBytes)).toEqual(['packages/0b']);
    expect(await gone(home)).toEqual(['packages/0a']);
    expect(readdirSync(path.join(home, 'packages'))).toEqual(['.draft']);
  });

  test('leaves alone what is being made, and everything that cannot be made again', async () => {
    const making = `${OLD}.${OVER}`;
    const home = homeWith(making, 'evidence', 'forge');
    expect(await gone(home)).toEqual([]);
    expect([making, 'evidence', 'forge'].every((folder) => there(home, folder))).toBe(true);
  });
});

describe('a lease that is taken while its layer is being removed', () => {
  test('brings the layer back whole', async () => {
    const home = homeWith(OLD);
    let asked = 0;
    // The journal is asked once before the layer is moved aside, and once after.
    const isLive = async (): Promise<boolean> => {
      asked += 1;
      return asked > 1;
    };
    await used(home, OLD, LIVE, 1000);
    expect(await gone(home, { isLive })).toEqual([]);
    expect(asked).toBe(2);
    expect(there(home, OLD)).toBe(true);
    expect(removing(home)).toEqual([]);
  });
});

describe('a collection that was killed', () => {
  const aside = (layer: string): string => `removing/${encodeURIComponent(layer)}`;

  test('left a layer aside that is in use: it comes back', async () => {
    const home = homeWith(aside(OLD));
    await used(home, OLD, LIVE, 1000);
    await gone(home);
    expect(there(home, OLD)).toBe(true);
  });

  test('left a layer aside that was made anew since: the new one stays', async () => {
    const home = homeWith(aside(OLD), OLD);
    writeFileSync(path.join(home, OLD, 'new'), '');
    await used(home, OLD, LIVE, 1000);
    await gone(home);
    expect(readdirSync(path.join(home, OLD))).toContain('new');
    expect(removing(home)).toEqual([]);
  });

  test('left a layer aside that nobody uses, and one half removed: both go', async () => {
    const home = homeWith(aside(OLD), 'removing/gone-1/half');
    await used(home, OLD, OVER, 1000);
    await gone(home);
    expect(removing(home)).toEqual([]);
    expect(there(home, OLD)).toBe(false);
  });
});

test('two collections at once remove each layer once, and nothing that is in use', async () => {
  const home = homeWith(OLD, NEW, `${REPOSITORY}/snapshots/cccc`);
  await used(home, NEW, LIVE, 1000);
  const both = await Promise.all([gone(home), gone(home)]);
  expect(both.flat().sort()).toEqual([OLD, `${REPOSITORY}/snapshots/cccc`]);
  expect(there(home, NEW)).toBe(true);
  expect(removing(home)).toEqual([]);
});

test('an image that a sandbox is made of keeps its name', async () => {
  const tags = ['proofhouse/base:0123456789ab', 'proofhouse/codex:0123456789ab'];
  const engine = strict<Parameters<typeof collectImages>[0]>('engine', {
    images: async () => [{ tags, madeAt: 0 }],
    removeTag: async (tag) => tag !== tags[0],
  });
  const at = { current: new Set<string>(), now: new Date('2026-03-01') };
  expect(await collectImages(engine, at, false)).toEqual([tags[1]]);
  expect(await collectImages(engine, at, true)).toEqual(tags);
});

test('what has several names is counted once, and a link is not followed', async () => {
  const home = homeWith('a');
  const one = await bytesBelow(path.join(home, 'a'));
  linkSync(path.join(home, 'a/file'), path.join(home, 'a/same'));
  symlinkSync('/', path.join(home, 'a/root'));
  expect(await bytesBelow(path.join(home, 'a'))).toBe(one);
  expect(await bytesBelow(path.join(home, 'nothing'))).toBe(0);
});
