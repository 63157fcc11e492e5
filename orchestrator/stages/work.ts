/**
 * Lets the agent work. Its exit code is noted and never believed: what counts is the tree it leaves.
 *
 * After a crash the agent is not started again: its sandbox is found by name and followed from its
 * first line, and the gateway listens on the same socket. Lines seen before are stored once.
 */
import { budgetOf } from '../../policies/budgets.ts';
import { networkOf } from '../../policies/network.ts';
import { FAULT_CODES, type FaultCode } from '../domain/faults.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { AgentEnd, OnLine, Place } from '../ports.ts';
import { promptText } from '../text/prompt.ts';
import { readBaseRules } from './base-rules.ts';
import { boundedNotes } from './bounded-notes.ts';
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
    budget,
  });
  const heard = listener(tools, place, agent.parse, run.breaks * LINES_PER_START);
  try {
    const end = await tools.workspaces.runAgent(
      place,
      {
        ...launch,
        image: agent.image,
        memoryBytes: AGENT_MEMORY_BYTES,
        wallMs: budget.wallMs,
        services: file.services,
      },
      heard.onLine,
      signal,
    );
    return await eventOf(tools, place, end, heard.said(), budget.wallMs);
  } finally {
    await door.close();
  }
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

function listener(
  tools: StageTools,
  place: Place,
  parse: (line: string) => { kind: string; text: string } | null,
  from: number,
) {
  let said = '';
  const note = boundedNotes(tools.store);
  const onLine: OnLine = async ({ index, text }) => {
    const event = parse(text);
    if (event === null) return;
    const shown = tools.redact(event.text).slice(0, 8000);
    if (event.kind === 'said') said = shown.slice(0, SAID_CHARACTERS_MAX);
    const { run, attempt } = place;
    const at = tools.clock().toISOString();
    await note({
      run,
      attempt,
      source: 'agent',
      index: from + index,
      at,
      kind: event.kind,
      text: shown,
    });
  };
  return { onLine, said: () => said };
}
