/** `task` and `run` as people and scripts call them: what they print, and how they exit. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { leftOver } from '../support.ts';
import {
  type CommandLine,
  ended,
  proofhouse,
  queueByHand,
  type Said,
  startProofhouse,
  succeeded,
} from '../tiny.ts';
import { freshHome, serve, serveArguments, shellRepository } from './shell-agent.ts';

const NO_SUCH_RUN = 'rzzzzzzz';

describe('runs on the command line', () => {
  it('the exit code of run show says how the run ended', async () => {
    const at = freshHome();
    const repository = shellRepository();
    const published = await queueByHand(at, repository, 'Twice a number.');
    const held = await queueByHand(at, repository, 'Something guarded.');
    const failed = await queueByHand(at, repository, 'Something broken.');
    succeeded(await serve(at));

    const shown = await proofhouse(at, 'run', 'show', published);
    ended(shown, 0);
    expect(shown.out).toContain('pull request #1');
    expect(shown.out).toContain('unit  passed  1 tests, 0 failed');

    const waiting = await proofhouse(at, 'run', 'show', held);
    ended(waiting, 3);
    expect(waiting.out).toContain('waits for approval');
    expect(waiting.out).toContain('Gate auth asks for 1 of security: Who is let in as whom.');
    expect(waiting.out).toContain('--as local:rita');

    const gaveUp = await proofhouse(at, 'run', 'show', failed);
    ended(gaveUp, 1);
    expect(gaveUp.out).toContain('gave up (no_progress)');
    expect(gaveUp.out).toContain('What to do:');

    const none = await proofhouse(at, 'run', 'show', NO_SUCH_RUN);
    ended(none, 2);
    expect(none).toMatchObject({ out: '' });
    expect(none.err).toContain('error[run_not_found]');

    await listsAll(at, [published, held, failed]);
    await showsDiffs(at, published, held);
    await logsOf(at, published);
    await retries(at, published, held);
    for (const run of [published, held, failed]) expect(leftOver(run)).toEqual([]);
  });

  it('a task is cancelled once, and a run that ended cannot be', async () => {
    const at = freshHome();
    const run = await queueByHand(at, shellRepository(), 'Twice a number.');
    const cancelled = await proofhouse(at, 'task', 'cancel', run, '--as', 'ana');
    succeeded(cancelled);
    expect(cancelled.out).toBe(`${run} cancelled\n`);
    const listed = await proofhouse(at, 'task', 'list');
    expect(listed.out).toContain('cancelled by local:ana');
    const again = await proofhouse(at, 'task', 'cancel', run);
    ended(again, 2);
    expect(again.err).toContain('error[not_now]');
    succeeded(await serve(at));
    ended(await proofhouse(at, 'run', 'show', run), 1);
  });

  it('a controller that is interrupted exits 130, and the next one goes on with the same agent', async () => {
    const at = freshHome();
    const repository = shellRepository();
    const run = await queueByHand(at, repository, 'Work slowly.');
    const first = startProofhouse(at, ...serveArguments());
    await until(async () => (await proofhouse(at, 'run', 'logs', run)).out.includes('started'));
    first.process.kill('SIGINT');
    ended(await first.ended, 130);
    expect(leftOver(run)).toContain(`proofhouse-${run}-1-agent`);
    expect((await proofhouse(at, 'run', 'list')).out).toContain('working');

    succeeded(await serve(at));
    const { journal } = Shown.parse(
      JSON.parse((await proofhouse(at, '--json', 'run', 'show', run)).out),
    );
    const types = journal.map(({ event }) => event.type);
    expect(types.filter((type) => type === 'workspace_ready')).toHaveLength(1);
    expect(types.at(-1)).toBe('pull_request_opened');
    const diff = await proofhouse(at, 'run', 'show', run, '--diff');
    expect(diff.out.match(/^\+started$/gm)).toHaveLength(1);
    expect(leftOver(run)).toEqual([]);
  });
});

async function listsAll(at: CommandLine, runs: readonly string[]): Promise<void> {
  const text = await proofhouse(at, 'run', 'list');
  succeeded(text);
  expect(text.out).toMatch(/^RUN +STATE +ATTEMPT /);
  for (const run of runs) expect(text.out).toContain(run);
  const json = await proofhouse(at, '--json', 'run', 'list');
  const rows = lines(json).map((line) => z.looseObject({ id: z.string() }).parse(line));
  expect(rows.map(({ id }) => id).sort()).toEqual([...runs].sort());
}

async function showsDiffs(at: CommandLine, published: string, held: string): Promise<void> {
  const waiting = await proofhouse(at, 'run', 'show', held, '--diff');
  ended(waiting, 3);
  expect(waiting.out).toContain('+export const door = 1;');
  const over = await proofhouse(at, 'run', 'show', published, '--diff');
  ended(over, 0);
  expect(over.out).toContain('+export const twice = (a) => 2 * a;');
  const [json, ...more] = lines(await proofhouse(at, '--json', 'run', 'show', held, '--diff'));
  expect(more).toEqual([]);
  expect(z.looseObject({ diff: z.string() }).parse(json).diff).toContain('+export const door');
}

async function logsOf(at: CommandLine, run: string): Promise<void> {
  const text = await proofhouse(at, 'run', 'logs', run);
  succeeded(text);
  expect(text.out).toContain('All done.');
  expect(text.out).toContain('pull_request_opened');
  const rows = lines(await proofhouse(at, '--json', 'run', 'logs', run));
  expect(rows).toContainEqual(
    expect.objectContaining({ source: 'agent', kind: 'said', text: 'All done.', attempt: 1 }),
  );
}

async function retries(at: CommandLine, over: string, held: string): Promise<void> {
  const again = await proofhouse(at, '--json', 'run', 'retry', over);
  succeeded(again);
  const { id } = z.looseObject({ id: z.string() }).parse(JSON.parse(again.out));
  expect(id).not.toBe(over);
  const listed = await proofhouse(at, 'run', 'list');
  expect(listed.out).toMatch(new RegExp(`^${id} +queued`, 'm'));
  const notYet = await proofhouse(at, 'run', 'retry', held);
  ended(notYet, 2);
  expect(notYet.err).toContain('only a run that has ended is tried again');
}

const Shown = z.object({
  journal: z.array(z.object({ event: z.looseObject({ type: z.string() }) })),
});

function lines({ out }: Said): unknown[] {
  return out
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
}

/** Each look is a command of its own, which is pause enough. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('what was waited for did not come about');
  }
}
