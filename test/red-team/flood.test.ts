/** An agent that floods its output or its disk: the run ends with a code, the store stays small. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Factory } from '../../orchestrator/compose.ts';
import { attemptsOn, node, sh } from '../scenarios/sandbox/attempt.ts';
import { shellAgent } from '../scenarios/steps.ts';
import { leftOver, queue, settle, testFactory } from '../scenarios/support.ts';
import { tinyRepository } from '../scenarios/tiny.ts';

const MIB = 2 ** 20;
const FIX = 'echo "export const x = 1;" > src/added.mjs\n';

describe('an agent that prints 50 MB', () => {
  it.each([
    ['in short lines', 'yes "all tests passed" | head -c 50000000\n'],
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
    expect(activity.length).toBeLessThanOrEqual(10_001);
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
    ['a file of 1.9 GiB of nothing', sh('truncate -s 1900M big'), /of the change has \d+ bytes/],
    [
      '600 MB that cannot be packed',
      sh('for n in 1 2 3 4 5 6; do head -c 100000000 /dev/urandom > r$n; done'),
      /larger than what a workspace has room|packs to \d+ bytes/,
    ],
    [
      '120,000 small files',
      node(`import { mkdirSync, writeFileSync } from 'node:fs'; process.chdir('/workspace');
        for (let d = 0; d < 120; d += 1) { mkdirSync('d' + d);
          for (let n = 0; n < 1000; n += 1) writeFileSync('d' + d + '/' + n, d + ' ' + n); }`),
      /room|entries/,
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

async function tiny(name: string) {
  const factory = await testFactory(name);
  return { attempts: await attemptsOn(factory, tinyRepository(path.join(factory.home, 'tiny'))) };
}

function storeBytes(factory: Factory): number {
  return ['', '-wal']
    .map((suffix) => statSync(path.join(factory.home, `journal.sqlite${suffix}`)).size)
    .reduce((sum, one) => sum + one, 0);
}
