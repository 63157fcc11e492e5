/**
 * Lets the agent work. Its exit code is noted and never believed: what counts is the tree it leaves.
 *
 * After a crash the agent is not started again: its sandbox is found by name and followed from its
 * first line, and the gateway listens on the same socket. Lines seen before are stored once.
 */
import { budgetOf } from '../../policies/budgets.ts';
import { mayTunnel, networkOf, someTunnel } from '../../policies/network.ts';
import { FAULT_CODES, type FaultCode } from '../domain/faults.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import { SELF_TEST_ENV, selfTestFor, selfTestProblem } from '../domain/self-test.ts';
import type { Task } from '../domain/task.ts';
import type { AgentEnd, OnLine, Place } from '../ports.ts';
import { promptText } from '../text/prompt.ts';
import { readBaseRules } from './base-rules.ts';
import { boundedNotes } from './bounded-notes.ts';
import { NO_PACKAGES } from './packages.ts';
import type { StageTools } from './tools.ts';

const AGENT_MEMORY_BYTES = 2 * 2 ** 30;
/** More than a sandbox's bounded log can hold: lines of an agent started again come after the first one's. */
const LINES_PER_START = 100_000_000;
const SAID_CHARACTERS_MAX = 2000;

export async function work(
  tools: StageTools,
  run: In<'working'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const { base } = run.prepared;
  const place = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const { layers, file, rules } = await readBaseRules(tools, task.repository, base);
  const budget = budgetOf(layers);
  const agent = tools.agentFor(file);
  const prompt = promptText({
    task,
    attempt: run.attempt,
    findings: run.findings,
    previous: run.previous,
  });
  const launch = agent.launch({
    prompt,
    rules,
    model: tools.model.model,
    gatewayUrl: tools.gatewayUrl,
  });
  const door = await tools.doors.open({
    socketPath: await tools.workspaces.socketPath(place, 'agent'),
    run: place.run,
    attempt: place.attempt,
    to: networkOf(layers).agent ? 'model' : 'nothing',
    reaches: (host, port) => mayTunnel(layers, 'agent', { host, port }),
    packages: NO_PACKAGES,
    budget,
  });
  const allowed = someTunnel(layers, 'agent');
  const env = { ...launch.env, [SELF_TEST_ENV]: selfTestFor(allowed) };
  const test = (line: string): string | null => selfTestProblem(line, allowed);
  const from = run.breaks * LINES_PER_START;
  const known = await testedBefore(tools, place, from);
  const heard = listener(tools, place, { parse: agent.parse, test, known }, from);
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
      heard.onLine,
      signal,
    );
    const { said, selfTest } = heard;
    // Nothing that ran in another network than the policy's is looked at.
    if (selfTest() !== null && end.ended !== 'lost') return selfTestFailed(selfTest());
    return await eventOf(tools, place, end, said(), budget.wallMs);
  } finally {
    await door.close();
  }
}

function selfTestFailed(problem: string | null): RunEvent {
  const message = `the sandbox looked at its network and ${problem ?? 'said nothing'}`;
  return { type: 'machinery_broke', code: 'self_test_failed', message, final: false };
}

async function eventOf(
  tools: StageTools,
  place: Place,
  end: AgentEnd,
  said: string,
  wallMs: number,
): Promise<RunEvent> {
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
  const failure = await modelFailure(tools, place);
  if (failure !== null) return { type: 'machinery_broke', ...failure, final: false };
  return { type: 'agent_finished', ending: { ended: end.ended, exitCode: end.exitCode, said } };
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

/** An agent whose every call failed did no work; that is not the task's fault. */
async function modelFailure(
  tools: StageTools,
  place: Place,
): Promise<{ code: FaultCode; message: string } | null> {
  const calls = (await tools.store.calls(place.run)).filter(
    ({ attempt }) => attempt === place.attempt,
  );
  const last = calls.at(-1);
  if (last === undefined || calls.some(({ state }) => state === 'settled')) return null;
  const code = FAULT_CODES.find((known) => known === last.failure) ?? 'model_unavailable';
  return {
    code,
    message: `${calls.length} calls to ${tools.model.shown} failed and none was answered`,
  };
}

type Reading = {
  readonly parse: (line: string) => { kind: string; text: string } | null;
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

function listener(tools: StageTools, place: Place, { parse, test, known }: Reading, from: number) {
  let said = '';
  let selfTest: string | null = known === null ? 'nothing was said of it' : test(known);
  const note = boundedNotes(tools.store);
  const onLine: OnLine = async ({ index, text }) => {
    // The first line is said before the agent starts; it could not have said it.
    if (index === 0 && known !== null) return;
    if (index === 0) selfTest = test(text);
    const event = index === 0 ? { kind: 'self-test', text } : parse(text);
    if (event === null) return;
    const shown = tools.redact(event.text).slice(0, 8000);
    if (event.kind === 'said') said = shown.slice(0, SAID_CHARACTERS_MAX);
    const { run, attempt } = place;
    const at = tools.clock().toISOString();
    await note({
      run,
      attempt,
      source: index === 0 ? 'sandbox' : 'agent',
      // Beside the lines of the dependencies' sandbox, which count from nothing.
      index: from + (index === 0 ? LINES_PER_START - 1 : index),
      at,
      kind: event.kind,
      text: shown,
    });
  };
  return { onLine, said: () => said, selfTest: () => selfTest };
}
