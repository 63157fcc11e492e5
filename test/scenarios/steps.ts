/** Factories of which a test chooses a part, how a run went in words, and agents that are a script. */
import { rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import {
  chooseModel,
  type Factory,
  type FactoryOptions,
  openFactory,
  openModel,
  runtimeFolder,
  unmountAll,
} from '../../orchestrator/compose.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import type { RunState } from '../../orchestrator/domain/run-state.ts';
import { SHOP_MODELS, scratch } from './support.ts';
import { SHELL_AGENT, workspaceFile } from './tiny.ts';

type Model = Awaited<ReturnType<typeof openModel>>;
export type Chosen = {
  readonly model?: Model;
  readonly clock?: () => Date;
  readonly outside?: FactoryOptions['outside'];
};

/** Broken machinery is tried again at once; whatever was made on the engine goes when the test ends. */
export async function factoryWith(
  name: string,
  { model, clock, outside }: Chosen = {},
): Promise<Factory> {
  const opened = openFactory({
    home: scratch(name),
    model: model ?? (await openModel(chooseModel({}, SHOP_MODELS))),
    secrets: [],
    runtime: null,
    above: [],
    clock: clock ?? (() => new Date()),
    ...(outside ? { outside } : {}),
  });
  onTestFinished(async () => {
    await opened.engine.removeAll('instance');
    await unmountAll(opened.home);
    opened.close();
    rmSync(runtimeFolder(opened.home), { recursive: true, force: true });
  });
  return { ...opened, runner: { ...opened.runner, breakMs: 1 } };
}

/** Types of the run's events; of broken machinery also what broke. */
export async function eventsOf(factory: Pick<Factory, 'store'>, run: RunId): Promise<string[]> {
  const journal = await factory.store.read(run);
  return journal.map(({ event }) =>
    event.type === 'machinery_broke' ? `${event.type} ${event.code}: ${event.message}` : event.type,
  );
}

export function outcomeOf(run: RunState): unknown {
  return run.phase === 'done' ? run.outcome : `it is ${run.phase}`;
}

/** What the agent of an attempt printed. */
export async function saidBy(
  factory: Pick<Factory, 'store'>,
  run: RunId,
  attempt: number,
): Promise<string> {
  const activity = await factory.store.activity(run);
  return activity
    .filter((one) => one.source === 'agent' && one.attempt === attempt)
    .map(({ text }) => text)
    .join('\n');
}

/** Files of a repository whose agent is this shell script. */
export function shellAgent(script: string): Record<string, string> {
  return { 'fix.sh': script, '.proofhouse/workspace.yaml': workspaceFile(SHELL_AGENT) };
}
