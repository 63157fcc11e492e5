/** `model record` and `model serve`: the scripted model made from a run, and for anybody's agent. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { recorded, serveScripted, writeScenario } from '../compose.ts';
import { asFault, Fault } from '../domain/faults.ts';
import type { Task } from '../domain/task.ts';
import type { Activity, JournalEntry } from '../ports.ts';
import { printable, printableLines } from '../text/columns.ts';
import { recordedComment, servingText } from '../text/scripted.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';

export type ModelRecord = {
  readonly run: string;
  readonly attempt: number | null;
  readonly out: string | null;
};

export async function modelRecord(context: Context, wanted: ModelRecord): Promise<Exit> {
  const { store } = context.ledgers();
  const { id, task, journal } = await knownRun(store, wanted.run);
  const activity = await store.activity(id);
  const attempt = wanted.attempt ?? lastThatAsked(activity);
  const made = attempt === null ? null : scenarioOf(task, activity, attempt);
  if (made === null || attempt === null) {
    const which = wanted.attempt === null ? '' : ` in attempt ${wanted.attempt}`;
    throw new Fault('not_now', `${id} has no answer of a model to make a scenario of${which}`);
  }
  const { scenario, missing } = made;
  const comment = recordedComment({ run: id, attempt, ...modelOf(journal, attempt) });
  // Once more: the environment may hold a secret now that it did not when the run was stored.
  const text = context.redact(writeScenario(scenario, comment));
  for (const one of missing) context.err(`not in it: ${printable(one)}`);
  if (text.includes('«secret:')) context.err('secrets were taken out; look for «secret:…» in it');
  if (wanted.out !== null) {
    await written(path.resolve(context.cwd, wanted.out), text);
    context.err(
      `written to ${wanted.out}; serve it with: ${context.command} model serve ${wanted.out}`,
    );
  } else if (context.json)
    show(
      context,
      () => text,
      () => scenario,
    );
  else context.out(printableLines(text.trimEnd()));
  return 0;
}

function scenarioOf(task: Task, activity: readonly Activity[], attempt: number) {
  const of = activity.filter((one) => one.attempt === attempt);
  const said = of.findLast(({ source, kind }) => source === 'agent' && kind === 'said');
  const answers = of.filter(isAnswer).map(({ text }) => text);
  if (answers.length === 0) return null;
  return recorded({
    answers,
    name: `run-${task.id}`,
    contains: task.title,
    attempt: attempt === 1 ? null : attempt,
    said: said?.text ?? null,
  });
}

function isAnswer({ source, kind }: Activity): boolean {
  return source === 'gateway' && kind === 'answer';
}

function lastThatAsked(activity: readonly Activity[]): number | null {
  return activity.findLast(isAnswer)?.attempt ?? null;
}

function modelOf(journal: readonly JournalEntry[], attempt: number) {
  const prepared = journal.flatMap(({ event }) =>
    event.type === 'workspace_ready' ? [event.prepared] : [],
  );
  const { agent = 'an agent', model = 'a model' } = prepared[attempt - 1] ?? prepared.at(-1) ?? {};
  return { agent, model };
}

async function written(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx' }).catch((error: unknown) => {
    const isThere = (error as { code?: unknown }).code === 'EEXIST';
    const why = isThere ? 'is there already; name another' : asFault(error).message;
    throw new Fault('usage', `${file} ${isThere ? why : `cannot be written: ${why}`}`, {
      cause: error,
    });
  });
}

const LOOPBACK = '127.0.0.1';
const PORT_MAX = 65_535;
/** There is no other way in which serving ends. */
const STOPPED = 130;

export async function modelServe(
  context: Context,
  { scenario, port }: { readonly scenario: string; readonly port: number },
): Promise<Exit> {
  if (port > PORT_MAX)
    throw new Fault('usage', `there is no port ${port}; ports end at ${PORT_MAX}`);
  const named = path.resolve(context.cwd, scenario);
  const served = await serveScripted(named, { host: LOOPBACK, port }).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    throw new Fault('usage', `port ${port} is taken; leave --port out for a free one`, {
      cause: error,
    });
  });
  const { url, scenarios } = served;
  show(
    context,
    () => servingText({ url, scenarios }),
    () => ({ url, scenarios, scripted: true }),
  );
  try {
    await stopped(context.signal);
  } finally {
    await served.close();
  }
  return STOPPED;
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
