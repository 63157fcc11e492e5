/**
 * Lets the agent work. Its exit code is noted and never believed: what counts is the tree it leaves.
 *
 * After a crash the agent is not started again: its sandbox is found by name and followed from its
 * first line, and the gateway listens on the same socket. Lines seen before are stored once.
 */
import { budgetOf } from '../../policies/budgets.ts';
import { modelRules } from '../../policies/models.ts';
import { mayTunnel, networkOf, someTunnel } from '../../policies/network.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { FAULT_CODES, type FaultCode } from '../domain/faults.ts';
import type { In, RunEvent, Verdict } from '../domain/run-state.ts';
import { SELF_TEST_ENV, selfTestFor, selfTestProblem } from '../domain/self-test.ts';
import type { Task } from '../domain/task.ts';
import type { ModelPlan } from '../ports/ledger.ts';
import type { Agent, AgentEnd, Brief, Budget, Launch, ModelCall, OnLine, Place } from '../ports.ts';
import { promptText } from '../text/prompt.ts';
import { type Heard, heard, NOTHING_HEARD, verdictOf } from './agent-end.ts';
import { readBaseRules } from './base-rules.ts';
import { boundedNotes } from './bounded-notes.ts';
import { callBudget } from './call-budget.ts';
import { chosenAgent, standOf } from './chosen-agent.ts';
import { harnessRefusal, harnessTerms } from './harness.ts';
import { NO_PACKAGES } from './packages.ts';
import type { StageTools } from './tools.ts';

const AGENT_MEMORY_BYTES = 2 * 2 ** 30;
/** More than a sandbox's bounded log can hold: lines of an agent started again come after the first one's. */
const LINES_PER_START = 100_000_000;
const SAID_CHARACTERS_MAX = 2000;
const TEXT_CHARACTERS_MAX = 8000;

export async function work(
  tools: StageTools,
  run: In<'working'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const { base } = run.prepared;
  const place = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const baseRules = await readBaseRules(tools, task.repository, base);
  const { layers, file, rules } = baseRules;
  const budget = budgetOf(layers);
  const journal = await tools.store.read(task.id);
  const agent = tools.agentFor(chosenAgent(file, task, standOf(journal, run.attempt)));
  const launch = agent.launch({ ...briefFor(tools, run, task), rules });
  const found = keyGiven(tools, launch);
  if (found !== null) return found;
  const door = await tools.doors.open({
    socketPath: await tools.workspaces.socketPath(place, 'agent'),
    run: place.run,
    attempt: place.attempt,
    to: networkOf(layers).agent ? 'model' : 'nothing',
    reaches: (host, port) => mayTunnel(layers, 'agent', { host, port }),
    packages: NO_PACKAGES,
    harness: harnessTerms(tools, run.prepared, baseRules),
    ...(await spendingAt(tools, task, layers)),
  });
  const allowed = someTunnel(layers, 'agent');
  const env = { ...launch.env, [SELF_TEST_ENV]: selfTestFor(allowed) };
  const test = (line: string): string | null => selfTestProblem(line, allowed);
  const from = run.breaks * LINES_PER_START;
  const known = await testedBefore(tools, place, from);
  const listening = listener(tools, place, { agent, test, known }, from);
  try {
    const end = await tools.workspaces.runAgent(
      place,
      {
        ...launch,
        env,
        // The id that was journaled, not the name: a tag that was moved since would start another program.
        image: run.prepared.image,
        memoryBytes: AGENT_MEMORY_BYTES,
        wallMs: budget.wallMs,
        services: file.services,
      },
      listening.onLine,
      signal,
    );
    const { selfTest, ...told } = listening.told();
    // Nothing that ran in another network than the policy's is looked at.
    if (selfTest !== null && end.ended !== 'lost') return selfTestFailed(selfTest);
    return await eventOf(tools, place, { end, agent, ...told, wallMs: budget.wallMs });
  } finally {
    await door.close();
  }
}

function briefFor(
  { model, gatewayUrl, doors }: StageTools,
  { attempt, findings, previous }: In<'working'>,
  task: Task,
): Omit<Brief, 'rules'> {
  return {
    prompt: promptText({ task, attempt, findings, previous }),
    model: model.model,
    gatewayUrl: `${gatewayUrl}/run/${task.id}/edit`,
    token: doors.token(task.id, attempt),
  };
}

/** Nothing that an agent is started with is a key: whatever it can read, its model and its output can. */
function keyGiven({ secretIn }: StageTools, { env, argv }: Launch): RunEvent | null {
  const given = [
    ...Object.entries(env).map(([name, value]) => [`its variable ${name}`, value] as const),
    ...argv.map((word) => ['its command line', word] as const),
  ];
  for (const [where, text] of given) {
    const kind = secretIn(text);
    if (kind === null) continue;
    const message = `the agent was not started: ${where} would hold ${kind}`;
    return { type: 'machinery_broke', code: 'secret_refused', message, final: true };
  }
  return null;
}

/** What the calls of this attempt may take, and which models may answer them. */
async function spendingAt(
  { store, clock }: StageTools,
  task: Task,
  layers: readonly LoadedPolicy[],
): Promise<{ budget: Budget; models: ModelPlan }> {
  const { refusals, cacheMisses, wrapUpMs } = budgetOf(layers);
  const { plan, free, secretShapes } = modelRules(layers);
  // The time of an agent that was found again after a crash began when its workspace was ready.
  const journal = await store.read(task.id);
  const ready = journal.findLast(({ event }) => event.type === 'workspace_ready');
  const sinceMs = ready === undefined ? clock().getTime() : Date.parse(ready.at);
  return {
    budget: callBudget(layers, task),
    models: {
      routes: plan,
      free,
      secretShapes,
      refusals,
      cacheMisses,
      wrapUpAtMs: sinceMs + wrapUpMs,
    },
  };
}

function selfTestFailed(problem: string): RunEvent {
  const message = `the sandbox looked at its network and ${problem}`;
  return { type: 'machinery_broke', code: 'self_test_failed', message, final: false };
}

type Ended = {
  readonly end: AgentEnd;
  readonly agent: Agent;
  readonly said: string;
  readonly heard: Heard;
  readonly wallMs: number;
};

async function eventOf(
  tools: StageTools,
  place: Place,
  { end, agent, said, heard: seen, wallMs }: Ended,
): Promise<RunEvent> {
  const unfit = await harnessRefusal(tools, place);
  if (unfit !== null) {
    return { type: 'machinery_broke', code: 'harness_refused', message: unfit, final: true };
  }
  const refused = await budgetRefusal(tools, place);
  if (refused !== null) return { type: 'limit_reached', limit: 'budget', message: refused };
  if (end.full !== null) return { type: 'limit_reached', limit: 'workspace', message: end.full };
  if (end.ended === 'timed_out') {
    const wall = wallMs % 60_000 === 0 ? `${wallMs / 60_000} minutes` : `${wallMs / 1000} seconds`;
    return {
      type: 'limit_reached',
      limit: 'wall',
      message: `the agent did not end within ${wall}`,
    };
  }
  if (end.ended === 'lost') {
    return {
      type: 'machinery_broke',
      code: 'engine_failed',
      message: "the agent's sandbox vanished while it ran",
      final: false,
    };
  }
  const verdict = verdictOf(agent, seen);
  const failure = failureOf(tools, await callsOf(tools, place), { agent, verdict, heard: seen });
  if (failure !== null) return { type: 'machinery_broke', ...failure, final: false };
  const told = verdict === null ? {} : { verdict };
  return {
    type: 'agent_finished',
    ending: { ended: end.ended, exitCode: end.exitCode, said, ...told },
  };
}

/** From what was stored, not from what this process remembers: a controller before us may have seen it. */
async function budgetRefusal(tools: StageTools, place: Place): Promise<string | null> {
  const seen = await tools.store.activity(place.run);
  const limit = seen.find(
    ({ attempt, source, kind }) =>
      attempt === place.attempt && source === 'gateway' && kind === 'limit',
  );
  return limit?.text ?? null;
}

async function callsOf(tools: StageTools, place: Place): Promise<readonly ModelCall[]> {
  const calls = await tools.store.calls(place.run);
  return calls.filter(({ attempt }) => attempt === place.attempt);
}

type Told = Pick<Ended, 'agent' | 'heard'> & { readonly verdict: Verdict | null };

/** An agent whose every call failed, or that never came to one, did no work; that is not the task's fault. */
function failureOf(
  tools: StageTools,
  calls: readonly ModelCall[],
  { agent, verdict, heard: seen }: Told,
): { code: FaultCode; message: string } | null {
  const last = calls.at(-1);
  if (last === undefined) {
    if (verdict === null || verdict === 'completed') return null;
    const why = seen.complaint === '' ? 'it did not say why' : tools.redact(seen.complaint);
    const message = `${agent.name} ${agent.version} ended before it asked a model: ${why}`;
    return { code: 'agent_failed', message };
  }
  if (calls.some(({ state }) => state === 'settled')) return null;
  const code = FAULT_CODES.find((known) => known === last.failure) ?? 'model_unavailable';
  return {
    code,
    message: `${calls.length} calls to ${tools.model.shown} failed and none was answered`,
  };
}

type Reading = {
  readonly agent: Pick<Agent, 'parse'>;
  /** Why the first line shows another network than the policy's. */
  readonly test: (line: string) => string | null;
  /** What was journaled of the first line, by a controller before us; null when nothing was. */
  readonly known: string | null;
};

/** A log that ran over its bound begins with another line by now, and the agent may have written that. */
async function testedBefore(tools: StageTools, place: Place, from: number): Promise<string | null> {
  const seen = await tools.store.activity(place.run);
  const found = seen.find(
    ({ attempt, source, kind, index }) =>
      attempt === place.attempt &&
      source === 'sandbox' &&
      kind === 'self-test' &&
      index === from + LINES_PER_START - 1,
  );
  return found?.text ?? null;
}

function listener(tools: StageTools, place: Place, { agent, test, known }: Reading, from: number) {
  let said = '';
  let seen = NOTHING_HEARD;
  let selfTest: string | null = known === null ? 'nothing was said of it' : test(known);
  const note = boundedNotes(tools.store);
  type Source = 'agent' | 'sandbox';
  const noted = (source: Source, index: number, { kind, text }: { kind: string; text: string }) => {
    const { run, attempt } = place;
    const at = tools.clock().toISOString();
    return note({ run, attempt, source, index: from + index, at, kind, text });
  };
  const onLine: OnLine = async ({ index, text }) => {
    if (index === 0) {
      if (known !== null) return;
      // The first line is said before the agent starts; it could not have said it.
      selfTest = test(text);
      const told = { kind: 'self-test', text: tools.redact(text).slice(0, TEXT_CHARACTERS_MAX) };
      // Beside the lines of the dependencies' sandbox, which count from nothing.
      return noted('sandbox', LINES_PER_START - 1, told);
    }
    const event = agent.parse(text);
    seen = heard(seen, text, event);
    if (event === null) return;
    const shown = tools.redact(event.text).slice(0, TEXT_CHARACTERS_MAX);
    if (event.kind === 'said') said = shown.slice(0, SAID_CHARACTERS_MAX);
    await noted('agent', index, { kind: event.kind, text: shown });
  };
  return { onLine, told: () => ({ said, selfTest, heard: seen }) };
}
