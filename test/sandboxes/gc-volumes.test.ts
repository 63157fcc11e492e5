/** Layers on an engine elsewhere: which of them a collection takes, and which it leaves. */
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RunId } from '../../orchestrator/domain/ids.ts';
import { EngineFault } from '../../sandboxes/engine-call.ts';
import { thing, volumeLabels } from '../../sandboxes/engine-names.ts';
import { takeLease } from '../../sandboxes/gc-leases.ts';
import { collectVolumes, type VolumesGc } from '../../sandboxes/gc-volumes.ts';

const KEY = 'a'.repeat(16);
const OF = (what: string): string => `proofhouse-${'0'.repeat(12)}-${what}`;
const MIRROR = OF(`mirror-${KEY}`);
const HISTORY = OF(`history-${KEY}-${'b'.repeat(40)}`);
const LAYER = OF(`dependencies-${KEY}-${'c'.repeat(32)}`);
const RUN = RunId.parse('r0000001');
const NOW = new Date('2026-11-01T00:00:00Z');
const OLD = new Date('2026-10-01T00:00:00Z');

function home(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-test-volumes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const below = (data: string, kind: string, name: string): string =>
  path.join(data, 'repositories', KEY, kind, name);

async function used(layer: string, at: Date): Promise<void> {
  await takeLease(layer, RUN);
  const uses = path.join(layer, '..', '..', 'uses', path.basename(path.dirname(layer)));
  utimesSync(path.join(uses, path.basename(layer), 'last'), at, at);
}

/** An engine that has these, and cannot let go of the ones in use. */
function engineWith(names: readonly string[], inUse: readonly string[] = []) {
  const instance = '0'.repeat(12);
  return {
    mine: async () => ({
      sandboxes: [],
      volumes: names.map((name) => thing(name, volumeLabels({ instance, name, run: null }))),
    }),
    removeVolume: async (name: string) => {
      if (inUse.includes(name)) throw new EngineFault('remove volume', { statusCode: 409 });
    },
  };
}

const lives = (live: boolean, worked = false): VolumesGc['lives'] => ({
  isLive: async () => live,
  isWorkedOn: async () => worked,
});

test('a week after its last use a layer goes, and the mirror with the last of its histories', async () => {
  const data = home();
  await used(below(data, 'histories', 'b'.repeat(40)), OLD);
  await used(below(data, 'dependencies', 'c'.repeat(32)), OLD);
  const engine = engineWith([MIRROR, HISTORY, LAYER]);
  const aged = { home: data, lives: lives(false), now: NOW };
  expect(await collectVolumes(engine, aged, false)).toEqual([HISTORY, LAYER, MIRROR]);
});

test.each<[string, Date, VolumesGc['lives'], readonly string[]]>([
  ['used since', new Date(NOW.getTime() - 3_600_000), lives(false), [LAYER]],
  ['leased by a run that goes on', OLD, lives(true), [LAYER]],
])('what was %s stays, and its mirror too', async (_, at, runs, gone) => {
  const data = home();
  await used(below(data, 'histories', 'b'.repeat(40)), at);
  const engine = engineWith([MIRROR, HISTORY, LAYER]);
  expect(await collectVolumes(engine, { home: data, lives: runs, now: NOW }, false)).toEqual(gone);
});

test('a mirror stays while its repository is worked on', async () => {
  const aged = { home: home(), lives: lives(false, true), now: NOW };
  expect(await collectVolumes(engineWith([MIRROR, HISTORY]), aged, false)).toEqual([HISTORY]);
});

test('what a sandbox has is kept, and what else bears our mark is not touched', async () => {
  const aged = { home: home(), lives: lives(false), now: NOW };
  const engine = engineWith([HISTORY, LAYER, OF('somebody'), 'postgres-data'], [LAYER]);
  expect(await collectVolumes(engine, aged, false)).toEqual([HISTORY]);
});

test('a dry run removes nothing', async () => {
  const aged = { home: home(), lives: lives(false), now: NOW };
  const { mine } = engineWith([HISTORY]);
  const removeVolume = async () => Promise.reject(new Error('removed'));
  expect(await collectVolumes({ mine, removeVolume }, aged, true)).toEqual([HISTORY]);
});
