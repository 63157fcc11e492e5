/** An agent that floods its output or its disk: the run ends with a code, the store stays small. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { newRunId } from '../../orchestrator/commands/names.ts';
import type { Factory } from '../../orchestrator/compose.ts';
import type { SandboxEnd } from '../../orchestrator/ports.ts';
import type { Engine } from '../../sandboxes/docker.ts';
import { exportTree } from '../../sandboxes/export.ts';
import { attemptsOn, node, sh } from '../scenarios/sandbox/attempt.ts';
import { shellAgent } from '../scenarios/steps.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../scenarios/support.ts';
import { tinyRepository } from '../scenarios/tiny.ts';

const MIB = 2 ** 20;
const FIX = 'echo "export const x = 1;" > src/added.mjs\n';

describe('an agent that prints 50 MB', () => {
  it.each([
    ['in short lines', `yes "all tests passed $(printf 'x%.0s' $(seq 400))" | head -c 50000000\n`],
    ['in one line', "head -c 50000000 /dev/zero | tr '\\0' a\n"],
    ['of bytes that are no text', 'head -c 50000000 /dev/urandom\n'],
  ])('%s is heard up to a bound, and its change counts', async (_, flood) => {
    const factory = await testFactory('flood');
    const before = process.memoryUsage().rss;
    const repository = tinyRepository(
      path.join(factory.home, 'tiny'),
      shellAgent(`${FIX}${flood}echo; echo the last words\n`),
    );
    const task = await queue(factory, repository, 'Flood the output');
    const run = await settle(factory, task.id);
    expect(run).toMatchObject({ phase: 'done', outcome: { kind: 'published' } });
    const activity = await factory.store.activity(task.id);
    // Ten thousand, one that says that no more are kept, and the look at the network before them.
    expect(activity.length).toBeLessThanOrEqual(10_002);
    expect(storeBytes(factory)).toBeLessThan(24 * MIB);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB);
    expect(leftOver(task.id)).toEqual([]);
  });
});

describe('an agent that fills its disk', () => {
  it('cannot make one file larger than 2 GiB', async () => {
    const { attempts } = await tiny('large');
    const place = await attempts.open();
    const { lines } = await attempts.work(place, sh('truncate -s 3G big || echo refused; ls'));
    expect(lines.join('\n')).toContain('refused');
    expect(await attempts.seal(place)).toMatchObject({ touched: ['add big'] });
  });

  it.each([
    ['a file of 300 MiB of nothing', sh('truncate -s 300M big'), /of the change has \d+ bytes/],
    [
      '80 MB that cannot be packed',
      sh('for n in 1 2 3 4 5 6 7 8; do head -c 10000000 /dev/urandom > r$n; done'),
      /packs to \d+ bytes/,
    ],
    [
      '20,200 small files',
      node(`import { mkdirSync, writeFileSync } from 'node:fs'; process.chdir('/workspace');
        for (let d = 0; d < 20; d += 1) { mkdirSync('d' + d);
          for (let n = 0; n < 1010; n += 1) writeFileSync('d' + d + '/' + n, String(d)); }`),
      /has 20200 entries/,
    ],
  ])('%s is refused, and the machinery is whole', async (_, argv, why) => {
    const { attempts } = await tiny('full');
    const place = await attempts.open();
    const { end } = await attempts.work(place, argv);
    expect(end).toMatchObject({ ended: 'exited', exitCode: 0 });
    const sealed = await attempts.seal(place);
    expect('refused' in sealed ? sealed.refused.join('\n') : sealed).toMatch(why);
    expect(await attempts.discard()).toEqual([]);
  });
});

describe('an export that does not come to its end', () => {
  const told = async (end: SandboxEnd, said: string) => {
    const engine = exporterThat(end, said);
    const tool = {
      name: 'proofhouse-x',
      run: newRunId(),
      uid: 1,
      role: 'exporter',
      script: 'export.pl',
    } as const;
    const shop = { engine, uidOf: async () => 1, image: async () => 'sha256:0' };
    const run = { ...tool, env: {}, mounts: [], workingDir: '/' };
    const around = { after: Promise.resolve(), leave: () => {} };
    const exporting = { run, out: scratch('export'), around, take: async () => 'taken' };
    return exportTree(shop, exporting, new AbortController().signal);
  };

  it('for want of its own scratch space refuses the change', async () => {
    const end = { ended: 'exited', exitCode: 128, wallMs: 1 } as const;
    expect(await told(end, 'fatal: write error: No space left on device')).toMatchObject({
      refused: [{ code: 'change_refused', message: expect.stringContaining('has room') }],
    });
  });

  it('because its sandbox vanished is broken machinery', async () => {
    const end = { ended: 'lost', exitCode: null, wallMs: 1 } as const;
    await expect(told(end, '')).rejects.toMatchObject({ code: 'engine_failed' });
  });
});

/** An engine that can do nothing but run one sandbox to this end. */
function exporterThat(end: SandboxEnd, said: string): Engine {
  const never = async (): Promise<never> => {
    throw new Error('an export asks for nothing else');
  };
  return {
    ...{ instance: 'none', join: never, ensureVolume: never },
    ...{ ensure: async () => {}, remove: async () => {} },
    follow: async (_, onLine) => {
      await onLine({ index: 0, stream: 'err', text: said });
      return end;
    },
    ...{ kill: never, freshOverlay: never, removeVolume: never, removeAll: never, imageId: never },
    ...{ ownImage: never, has: never, imageVolumes: never },
    ...{ removeImages: never, buildImages: never, describe: never, needRuntime: never },
    ...{ mine: never, images: never, removeTag: never },
  };
}

async function tiny(name: string) {
  const factory = await testFactory(name);
  return { attempts: await attemptsOn(factory, tinyRepository(path.join(factory.home, 'tiny'))) };
}

function storeBytes(factory: Factory): number {
  return ['', '-wal']
    .map((suffix) => statSync(path.join(factory.home, `journal.sqlite${suffix}`)).size)
    .reduce((sum, one) => sum + one, 0);
}
