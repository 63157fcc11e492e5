/** Runs of real agent CLIs: the whole factory, with everything that the agent printed and asked kept. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { ModelUpstream } from '../../../gateway/model/upstream.ts';
import { scriptedModel } from '../../../gateway/scripted/model.ts';
import { Scenario } from '../../../gateway/scripted/scenario.ts';
import { scriptedUpstream } from '../../../gateway/scripted/upstream.ts';
import type { Factory } from '../../../orchestrator/compose.ts';
import { AGENT_NAMES, type AgentName } from '../../../orchestrator/domain/agent-lock.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Line, SandboxCommand } from '../../../orchestrator/ports.ts';
import { queue, settle } from '../support.ts';
import { tinyRepository, workspaceFile } from '../tiny.ts';
import { lookedUp } from './names.ts';

const TASK = 'Adding should take any number of numbers.';
export const EDITED = 'export const sum = (...all) => all.reduce((a, b) => a + b, 0);\n';

/** Whose tool for whole files writes over none that is there, or none that it has not read. */
const NEW_FILES_ONLY: readonly AgentName[] = ['copilot', 'gemini-cli', 'qwen-code'];

export function editedFile(agent: AgentName): string {
  return NEW_FILES_ONLY.includes(agent) ? 'src/total.mjs' : 'src/sum.mjs';
}

/** One command that fails, one edit, and a word at the end. */
const stepsOf = (agent: AgentName): readonly object[] => [
  { say: 'I look around.', shell: 'ls src; exit 3' },
  {
    say: 'I write it anew.',
    write: { path: `/workspace/${editedFile(agent)}`, content: EDITED },
  },
  { say: 'Any number of numbers can be added now.' },
];

export type Wanted = {
  readonly files?: Readonly<Record<string, string>>;
  /** A step before the others. */
  readonly first?: object;
  /** What is started in the place of what the adapter says. */
  readonly instead?: (command: SandboxCommand) => SandboxCommand;
};

export type Ran = {
  readonly lines: readonly Line[];
  /** What the sandbox of the agent ended with; null when it never did. */
  readonly exitCode: number | null;
  /** Bodies of the requests to the model. */
  readonly asked: readonly string[];
  /** What was said to it at the door, each time, of the limit that it had come to. */
  readonly limits: readonly string[];
  /** From the start of the agent to its first request to the model. */
  readonly firstAskedMs: number;
  /** What it asked the door for and did not get, and the names that it looked up: nobody answers there. */
  readonly tried: readonly string[];
  readonly end: RunEvent | undefined;
  readonly outcome: unknown;
  /** What the change that was published makes of a file; null when it has none. */
  file(name: string): string | null;
};

/** Who can be run on this machine: nothing proprietary is here unless somebody asked for it. */
export async function installed(factory: Factory): Promise<readonly AgentName[]> {
  const found = await Promise.all(
    AGENT_NAMES.map((name) =>
      factory.tools.image(name).then(
        () => [name],
        () => [],
      ),
    ),
  );
  return found.flat();
}

type Open = (chosen: { readonly model: ModelUpstream }) => Promise<Factory>;

export async function realRun(open: Open, agent: AgentName, wanted: Wanted = {}): Promise<Ran> {
  const seen = {
    ...{ lines: [] as Line[], asked: [] as string[], exitCode: null as number | null },
    ...{ startedAt: 0, firstAskedMs: 0 },
  };
  const first = wanted.first === undefined ? [] : [wanted.first];
  const model = watched([...first, ...stepsOf(agent)], (json) => {
    if (seen.asked.push(json) === 1) seen.firstAskedMs = performance.now() - seen.startedAt;
  });
  const factory = await open({ model });
  const { workspaces } = factory.tools;
  const runAgent: typeof workspaces.runAgent = async (place, command, onLine, signal) => {
    const hear = async (line: Line): Promise<void> => {
      if (line.index === 0) seen.startedAt = performance.now();
      seen.lines.push(line);
      await onLine(line);
    };
    const instead = (wanted.instead ?? same)(command);
    const end = await workspaces.runAgent(place, instead, hear, signal);
    seen.exitCode ??= end.exitCode;
    return end;
  };
  // The stages hold these very tools.
  Object.assign(factory.tools, { workspaces: { ...workspaces, runAgent } });
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    '.proofhouse/workspace.yaml': `${workspaceFile(`agent: { kind: ${agent} }`)}rules: [RULES.md]\n`,
    'RULES.md': 'Of the base: write tests.\n',
    ...wanted.files,
  });
  const { id } = await queue(factory, repository, TASK);
  const state = await settle(factory, id);
  const journal = await factory.store.read(id);
  const activity = await factory.store.activity(id);
  const sealed = journal.findLast(({ event }) => event.type === 'change_sealed')?.event;
  const outcome = state.phase === 'done' ? state.outcome : state.phase;
  const saidAtDoor = (kind: string): string[] =>
    activity
      .filter((one) => one.source === 'gateway' && one.kind === kind)
      .map(({ text }) => text.replace(`/run/${id}/edit`, ''));
  const commit =
    state.phase === 'done' && state.outcome.kind === 'published' && state.outcome.commit;
  const bare = factory.forge.remote(repository);
  return {
    ...seen,
    outcome,
    limits: saidAtDoor('limit'),
    tried: [...saidAtDoor('refused'), ...seen.lines.flatMap(({ text }) => lookedUp(text) ?? [])],
    end: journal.find(({ event }) => event.type === 'agent_finished')?.event ?? sealed,
    file: (name) => (commit === false ? null : fileIn(bare, `${commit}:${name}`)),
  };
}

function fileIn(bare: string, named: string): string | null {
  const git = ['--git-dir', bare, 'show', named];
  const { status, stdout } = spawnSync('git', git, { encoding: 'utf8' });
  return status === 0 ? stdout : null;
}

const same = (command: SandboxCommand): SandboxCommand => command;

function watched(steps: readonly object[], asked: (json: string) => void): ModelUpstream {
  const when = { prompt_contains: [TASK] };
  const scripted = scriptedUpstream(
    scriptedModel([Scenario.parse({ scenario: 'tiny', when, steps })]),
  );
  return {
    ...scripted,
    ask: (question, signal) => {
      asked(question.json);
      return scripted.ask(question, signal);
    },
  };
}
