/** `task add|list|cancel`: what a member asks for, and asks no longer. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AgentName } from '../domain/agent-lock.ts';
import { Fault } from '../domain/faults.ts';
import type { Person } from '../domain/ids.ts';
import type { Task } from '../domain/task.ts';
import { taskFrom } from '../intake/task-text.ts';
import type { Forge, Store } from '../ports.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';
import { typist } from './desk.ts';
import { newRunId, personNamed } from './names.ts';
import { appendOutside } from './outside.ts';

export type TaskAdd = {
  /** The text itself; a file is named by `file`. */
  readonly text: string | null;
  readonly file: string | null;
  readonly repository: string;
  /** Null: the branch that the repository has checked out. */
  readonly base: string | null;
  readonly requester: Person;
  /** Who is to work on it; left out, the repository's choice. */
  readonly agent?: AgentName | undefined;
  /** Who queues it, in whoever's name; null when nobody knows. */
  readonly operator: Person | null;
};

/** Queues a task; everything that can be refused is refused now and not when it runs. */
export async function addTask(
  { store, forge }: { store: Store; forge: Forge },
  wanted: TaskAdd,
  now: Date,
): Promise<Task> {
  const text = wanted.text ?? (await readTaskFile(wanted.file));
  const repository = path.resolve(wanted.repository);
  const branches = await forge.branches(repository);
  const base = wanted.base ?? (await forge.defaultBranch(repository));
  if (base === null || !branches.includes(base)) {
    const named = base === null ? 'it has no branch checked out' : `it has no branch "${base}"`;
    throw new Fault('base_not_found', `${repository}: ${named}; it has ${branches.join(', ')}`);
  }
  const task = taskFrom(text, {
    id: newRunId(),
    source: wanted.file ?? 'cli',
    repository,
    base,
    requester: wanted.requester,
    operator: wanted.operator,
    ...(wanted.agent === undefined ? {} : { agent: wanted.agent }),
    queuedAt: now.toISOString(),
  });
  await store.addTask(task);
  return task;
}

export async function taskAdd(
  context: Context,
  wanted: Omit<TaskAdd, 'requester' | 'operator'> & { as: string | null },
): Promise<Exit> {
  const requester = wanted.as === null ? context.person() : personNamed(wanted.as);
  const operator = typist(context);
  const people = { requester, operator };
  const task = await addTask(context.ledgers(), { ...wanted, ...people }, context.clock());
  show(
    context,
    () => `${task.id}  queued: ${task.title}\nTo work on it: ${context.command} serve --until-idle`,
    () => task,
  );
  return 0;
}

export async function taskCancel(
  context: Context,
  named: string,
  as: string | null,
): Promise<Exit> {
  const { store } = context.ledgers();
  const { id } = await knownRun(store, named);
  const by = as === null ? context.person() : personNamed(as);
  const { run } = await appendOutside(store, id, () => ({ type: 'cancelled', by }));
  show(
    context,
    () => `${id} cancelled`,
    () => ({ id, run }),
  );
  return 0;
}

async function readTaskFile(file: string | null): Promise<string> {
  if (file === null) throw new Fault('usage', 'say what you want, as text or with --file');
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Fault('usage', `${file} cannot be read`, { cause });
  });
}
