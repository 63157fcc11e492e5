import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newRunId, personNamed } from '../../../orchestrator/commands/names.ts';
import { runLogs, runRetry, runShow, runsCommand } from '../../../orchestrator/commands/run.ts';
import { addTask, taskAdd, taskCancel } from '../../../orchestrator/commands/task.ts';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import { AT, DANA, EVENTS, RITA, RUN, TASK, WAITING } from '../fixtures.ts';
import { git, repositoryWith, temporaryFolder } from '../intake/repositories.ts';
import { type Desk, desk, journaled } from './context.ts';

const wanted = (repository: string) => ({
  text: 'Round the total',
  file: null,
  repository,
  base: null,
  as: null,
});

async function refusedBy({ store }: Desk, command: Promise<unknown>, fault: object): Promise<void> {
  await expect(command).rejects.toMatchObject(fault);
  expect(await store.tasks()).toEqual([]);
}

describe('a task', () => {
  test('is queued on the branch that is checked out, for who asked', async () => {
    const one = desk();
    const repository = repositoryWith({ 'a.txt': 'a' }, 'trunk');
    expect(await taskAdd(one.context, wanted(repository))).toBe(0);
    const [task] = await one.store.tasks();
    expect(task).toMatchObject({
      title: 'Round the total',
      repository,
      base: 'trunk',
      requester: DANA,
      operator: DANA,
      source: 'cli',
      queuedAt: AT,
    });
    expect(one.said).toEqual([
      `${task?.id}  queued: Round the total\nTo work on it: ./proofhouse serve --until-idle`,
    ]);
  });

  test('of a file names the file, and --as names who asked', async () => {
    const one = desk({ json: true });
    const file = join(temporaryFolder(), 'task.md');
    writeFileSync(file, '# Round the total\n\nIt is a cent off.\n');
    const repository = repositoryWith({});
    await taskAdd(one.context, { ...wanted(repository), text: null, file, as: 'rita' });
    expect(JSON.parse(one.said[0] ?? '')).toMatchObject({
      title: 'Round the total',
      source: file,
      requester: RITA,
      operator: DANA,
    });
  });

  test('may name who is to work on it; else the repository chooses', async () => {
    const one = desk();
    const repository = repositoryWith({});
    await taskAdd(one.context, { ...wanted(repository), agent: 'claude-code' });
    await taskAdd(one.context, wanted(repository));
    expect((await one.store.tasks()).map(({ agent }) => agent)).toEqual(['claude-code', undefined]);
  });

  test('that somebody queues whom the machine does not know has no operator', async () => {
    const person = (): never => {
      throw new Error('this user has no name');
    };
    const one = desk({ person });
    await taskAdd(one.context, { ...wanted(repositoryWith({})), as: 'rita' });
    expect(await one.store.tasks()).toMatchObject([{ requester: RITA, operator: null }]);
  });

  test('on a branch that is not there is refused with those that are', async () => {
    const one = desk();
    const repository = repositoryWith({});
    git(repository, 'branch', 'next');
    const unknown = taskAdd(one.context, { ...wanted(repository), base: 'nope' });
    await refusedBy(one, unknown, {
      code: 'base_not_found',
      message: `${repository}: it has no branch "nope"; it has main, next`,
    });
  });

  test.each(['main~1', 'refs/heads/main', 'HEAD', ''])(
    'on "%s", which git would resolve or ignore, is refused',
    async (base) => {
      const one = desk();
      const odd = taskAdd(one.context, { ...wanted(repositoryWith({})), base });
      await refusedBy(one, odd, { code: 'base_not_found' });
    },
  );

  test('on a detached head must name its branch', async () => {
    const one = desk();
    const repository = repositoryWith({});
    git(repository, 'checkout', '--quiet', '--detach');
    const command = taskAdd(one.context, wanted(repository));
    await refusedBy(one, command, {
      code: 'base_not_found',
      message: expect.stringContaining('no branch checked out'),
    });
  });

  test.each([
    ['a folder that is no repository', () => temporaryFolder()],
    ['a folder that is not there', () => join(temporaryFolder(), 'nowhere')],
  ])('on %s is refused', async (_, folder) => {
    const one = desk();
    await refusedBy(one, taskAdd(one.context, wanted(folder())), { code: 'not_a_repository' });
  });

  test.each(['', ' \n\t ', '#', '\u200b'])('that says nothing, as %j, is refused', async (text) => {
    const one = desk();
    const empty = taskAdd(one.context, { ...wanted(repositoryWith({})), text });
    await refusedBy(one, empty, { code: 'usage' });
  });

  test('without text or with a file that cannot be read is refused', async () => {
    const one = desk();
    const given = { ...wanted(repositoryWith({})), text: null };
    await refusedBy(one, taskAdd(one.context, given), { code: 'usage' });
    const file = join(temporaryFolder(), 'nothing.md');
    await refusedBy(one, taskAdd(one.context, { ...given, file }), {
      code: 'usage',
      message: `${file} cannot be read`,
    });
  });

  test('named by a relative path is kept under its whole path', async () => {
    const one = desk();
    const repository = repositoryWith({});
    const task = await addTask(
      one.context.ledgers(),
      { ...wanted(join(repository, 'x', '..')), requester: DANA, operator: DANA },
      new Date(AT),
    );
    expect(task.repository).toBe(repository);
  });
});

test('a thousand new ids are ids, and all of them differ', () => {
  const ids = Array.from({ length: 1000 }, newRunId);
  expect(ids.every((id) => RunId.safeParse(id).success)).toBe(true);
  expect(new Set(ids).size).toBe(1000);
});

test.each([
  ['rita', 'local:rita'],
  ['GitHub:Ana', 'github:ana'],
])('%s is the person %s', (name, whole) => {
  expect(personNamed(name)).toBe(whole);
});

test.each(['', 'a b', 'a:b:c', '1:a', 'rita\n'])('%j is nobody', (name) => {
  expect(() => personNamed(name)).toThrow('is no person');
});

describe('a run', () => {
  test('that is queued or waits can be cancelled, and one that is over cannot', async () => {
    const one = desk();
    await journaled(one, WAITING);
    expect(await taskCancel(one.context, RUN, 'rita')).toBe(0);
    expect((await one.store.read(RUN)).at(-1)?.event).toEqual({ type: 'cancelled', by: RITA });
    await expect(taskCancel(one.context, RUN, null)).rejects.toMatchObject({ code: 'not_now' });
  });

  test('that is over is tried again as another run, and the old one stays as it ended', async () => {
    const one = desk({ json: true });
    await journaled(one, [EVENTS.cancelled]);
    one.at('2026-03-05T00:00:00.000Z');
    await runRetry(one.context, RUN);
    const [old, again] = await one.store.tasks();
    expect(old).toEqual(TASK);
    expect(again).toEqual({ ...TASK, id: again?.id, queuedAt: '2026-03-05T00:00:00.000Z' });
    expect(await one.store.read(RUN)).toHaveLength(1);
  });

  test('that goes on is not tried again', async () => {
    const one = desk();
    await journaled(one, WAITING);
    await expect(runRetry(one.context, RUN)).rejects.toMatchObject({ code: 'not_now' });
    expect(await one.store.tasks()).toHaveLength(1);
  });

  test.each([
    ['waits', WAITING, 3],
    ['is queued', [], 0],
    ['broke', [EVENTS.machinery_broke], 4],
    ['was cancelled', [EVENTS.cancelled], 1],
  ])('that %s is shown', async (_, events, exit) => {
    const one = desk({ json: true });
    await journaled(one, events);
    expect(await runShow(one.context, RUN, false)).toBe(exit);
    expect(JSON.parse(one.said[0] ?? '')).toMatchObject({ task: { id: RUN } });
  });

  test('without a sealed change has no diff to show', async () => {
    const one = desk();
    await journaled(one, [EVENTS.claimed]);
    await expect(runShow(one.context, RUN, true)).rejects.toMatchObject({ code: 'not_now' });
  });

  test.each([runRetry, runLogs, (c: Desk['context'], id: string) => runShow(c, id, false)])(
    'that nobody knows is refused by each command',
    async (command) => {
      const unknown = command(desk().context, 'r9999999');
      await expect(unknown).rejects.toMatchObject({ code: 'run_not_found' });
    },
  );

  test('is listed as JSON, one a line', async () => {
    const one = desk({ json: true });
    await journaled(one, WAITING);
    await journaled(one, [], { ...TASK, id: RunId.parse('r0000002') });
    expect(await runsCommand(one.context)).toBe(0);
    expect(one.said.map((line) => JSON.parse(line).run.phase)).toEqual([
      'awaiting_approval',
      'queued',
    ]);
  });

  test('has a log of its events and of what its sandboxes said, in the order of their time', async () => {
    const one = desk();
    await journaled(one, [EVENTS.claimed]);
    const at = '2026-03-01T09:59:59.000Z';
    const line = { run: RUN, attempt: 1, source: 'agent', kind: 'said' } as const;
    await one.store.note({ ...line, index: 0, at, text: 'before\u001b[2J' });
    expect(await runLogs(one.context, RUN)).toBe(0);
    expect(one.said).toEqual([
      '09:59:59  #1  agent  said     before·[2J\n10:00:00      run    claimed',
    ]);
  });
});
