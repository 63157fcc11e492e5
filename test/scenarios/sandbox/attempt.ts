/** One attempt without a run around it: a workspace, a script in the agent's sandbox, the tree it leaves. */
import { onTestFinished } from 'vitest';
import { newRunId } from '../../../orchestrator/commands/names.ts';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { RunId, Sha } from '../../../orchestrator/domain/ids.ts';
import type { DependencyPlan, Place, SandboxEnd } from '../../../orchestrator/ports.ts';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import { leftOver } from '../support.ts';

const MIB = 2 ** 20;
const signal = new AbortController().signal;

export type Attempts = {
  readonly run: RunId;
  /** Opens the next attempt of the run, at the base. */
  open(previous?: Sha | null): Promise<Place>;
  work(place: Place, argv: readonly string[], limits?: Limits): Promise<Worked>;
  /** The change as the seal stage reads it: what it touches, or why it is refused. */
  seal(place: Place): Promise<SealedTree>;
  discard(): Promise<string[]>;
};

type Limits = { readonly memoryBytes?: number; readonly wallMs?: number };
export type Worked = { readonly end: SandboxEnd; readonly lines: readonly string[] };
export type SealedTree =
  | { readonly tree: Sha; readonly touched: readonly string[] }
  | { readonly refused: readonly string[] };

export async function attemptsOn(
  factory: Factory,
  repository: string,
  plan: DependencyPlan | null = null,
): Promise<Attempts> {
  const { workspaces, source } = factory.tools;
  const base = await factory.forge.tip(repository, 'main');
  if (base === null) throw new Error(`${repository} has no main`);
  await source.update(repository, factory.forge.remote(repository));
  const run = newRunId();
  onTestFinished(() => workspaces.discard(run));
  let attempt = 0;
  return {
    run,
    open: async (previous = null) => {
      attempt += 1;
      const place = { run, attempt, repository, base };
      await workspaces.open(place, previous, plan, signal);
      return place;
    },
    work: async (place, argv, limits = {}) => {
      await workspaces.socketPath(place, 'agent');
      const lines: string[] = [];
      const launch = { argv, env: {}, files: {}, image: 'base' };
      const bounds = { memoryBytes: 512 * MIB, wallMs: 240_000, ...limits };
      const end = await workspaces.runAgent(
        place,
        { ...launch, ...bounds },
        async ({ text }) => void lines.push(text),
        signal,
      );
      return { end, lines };
    },
    seal: async (place) => {
      const sealed = await workspaces.seal(place, plan, signal);
      if ('refused' in sealed) return { refused: sealed.refused.map(({ message }) => message) };
      const read = await factsOf(source, place, sealed.tree, { base: 'main', layers: [] });
      if ('refused' in read) return { refused: read.refused.map(({ message }) => message) };
      const touched = read.facts.entries.map(({ operation, path }) => `${operation} ${path}`);
      return { tree: sealed.tree, touched };
    },
    discard: async () => {
      await workspaces.discard(run);
      return leftOver(run);
    },
  };
}

export const sh = (script: string): readonly string[] => ['sh', '-c', script];
export const node = (script: string): readonly string[] => [
  'node',
  '--input-type=module',
  '-e',
  script,
];
