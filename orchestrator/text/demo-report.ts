/** What the demo prints: events as they come, what waits for a person, the table at the end. */
import type { Check } from '../domain/check.ts';
import type { Person } from '../domain/ids.ts';
import type { RunEvent, RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Activity, JournalEntry, ModelCall } from '../ports.ts';
import { columns, printable } from './columns.ts';
import { voterWords } from './decisions.ts';
import { outcomeDetails, stateWords } from './outcomes.ts';
import { approveLines, duration, money } from './run-report.ts';

export type DemoRow = {
  readonly task: Task;
  readonly name: string;
  readonly run: RunState;
  /** Who may decide, when it waits. */
  readonly may: readonly Person[];
  readonly journal: readonly JournalEntry[];
  readonly calls: readonly ModelCall[];
  readonly activity: readonly Activity[];
};

/** One event in a few words; null for those that say nothing to who watches. */
export function demoEvent(event: RunEvent): string | null {
  switch (event.type) {
    case 'claimed':
      return 'claimed; a workspace is prepared';
    case 'workspace_ready':
      return `workspace ready; ${printable(event.prepared.agent)} starts in its sandbox`;
    case 'agent_finished':
      return 'agent finished; its tree is taken out';
    case 'change_sealed':
      return `tree ${event.change.tree.slice(0, 12)} sealed: ${event.change.files} files, +${event.change.addedLines} -${event.change.removedLines}`;
    case 'judged':
      return judgedWords(event.judgement);
    case 'validation_passed':
      return `checks passed: ${event.checks.map(checkWords).join(', ')}`;
    case 'validation_failed':
      return `checks failed: ${event.findings.length} findings go to the next attempt`;
    case 'approved':
      return `${voterWords(event.approval.record)} approved gate ${event.approval.record.gate}`;
    case 'pull_request_opened':
      return `pull request #${event.number} opened`;
    case 'machinery_broke':
      return `machinery broke (${event.code}): ${printable(event.message).slice(0, 300)}`;
    default:
      return event.type.replaceAll('_', ' ');
  }
}

function judgedWords({
  verdict,
  riskClass,
  gates,
}: Extract<RunEvent, { type: 'judged' }>['judgement']): string {
  const by = gates.length === 0 ? '' : ` by gate ${gates.map(({ id }) => id).join(', ')}`;
  const words = { allow: 'nobody has to agree', hold: 'people must agree', deny: 'forbidden' }[
    verdict
  ];
  return `judged ${riskClass}${by}: ${words}`;
}

export function waitingText({
  task,
  run,
  command,
  may,
}: {
  task: Task;
  run: RunState;
  command: string;
  may: readonly Person[];
}): string {
  if (run.phase !== 'awaiting_approval') return '';
  const asking = run.judgement.gates.filter(({ approvals }) => approvals.length > 0);
  return [
    '',
    `"${printable(task.title)}" waits for approval.`,
    ...asking.flatMap(({ id, why, paths }) => [
      `  why    gate ${id}: ${printable(why)}`,
      `  files  ${paths.map(printable).join(', ')}`,
    ]),
    `  who    ${may.join(' or ')}, and never ${task.requester}, who asked`,
    `  how    ${approveLines({ task, run, command, may })[0] ?? 'nobody is left who could'}`,
    '',
  ].join('\n');
}

export function demoReport(report: {
  rows: readonly DemoRow[];
  forge: string;
  home: string;
  command: string;
}): string {
  const { rows, command } = report;
  return [
    '',
    columns([
      ['TASK', 'CLASS', 'GATES', 'CHECKS', 'OUTCOME', 'WALL', 'COST'],
      ...rows.map((row) => [
        row.name,
        judgement(row)?.riskClass ?? '',
        judgement(row)
          ?.gates.map(({ id }) => id)
          .join(', ') || 'none',
        checksWords(row),
        stateWords(row.run),
        wall(row),
        costWords(row),
      ]),
    ]),
    '',
    ...rows.flatMap(refusals),
    `Pull requests and branches are in the local forge: ${report.forge}`,
    'Look at each run, and at everything its agent did:',
    ...rows.flatMap(({ task, name }) => [
      `  ${command} run show ${task.id}   # ${name}`,
      `  ${command} run logs ${task.id}`,
    ]),
    ...waitingCommands(rows, command),
  ].join('\n');
}

function waitingCommands(rows: readonly DemoRow[], command: string): string[] {
  const waiting = rows.flatMap(({ task, run, may }) =>
    approveLines({ task, run, command, may }).slice(0, 1),
  );
  if (waiting.length === 0) return [];
  return [
    '',
    'One change waits for a person. To approve exactly its tree, and then to publish it:',
    ...waiting.map((line) => `  ${line}`),
    `  ${command} serve --until-idle`,
  ];
}

/** What an agent tried and was refused, with the place where it is recorded. */
function refusals({ name, run, activity }: DemoRow): string[] {
  const tries = activity.filter(({ source, kind }) => source === 'gateway' && kind === 'refused');
  if (run.phase !== 'done' || run.outcome.kind !== 'denied') return [];
  return [
    `Refused in ${name}, and recorded in its journal and log:`,
    ...outcomeDetails(run.outcome)
      .slice(1, -1)
      .map((line) => `  ${printable(line)}`),
    ...[...new Set(tries.map(({ text }) => text))].map((text) => `  - network: ${printable(text)}`),
    '  - direct connections: the sandbox has no network, so there was nothing to refuse',
    '  - credentials: there is none in the sandbox; what it printed of its environment is in the log',
    '',
  ];
}

function judgement({ journal }: DemoRow) {
  const judged = journal.findLast(({ event }) => event.type === 'judged')?.event;
  return judged?.type === 'judged' ? judged.judgement : null;
}

function checksWords({ journal }: DemoRow): string {
  const last = journal.findLast(
    ({ event }) => event.type === 'validation_passed' || event.type === 'validation_failed',
  )?.event;
  if (last === undefined || !('checks' in last)) return 'not run';
  const passed = last.checks.filter(({ verdict }) => verdict === 'passed').length;
  return `${passed} of ${last.checks.length} passed`;
}

function wall({ journal }: DemoRow): string {
  const first = Date.parse(journal[0]?.at ?? '');
  const last = Date.parse(journal.at(-1)?.at ?? '');
  return Number.isNaN(last - first) ? '' : duration(last - first);
}

function costWords({ calls }: DemoRow): string {
  const settled = calls.filter(({ state }) => state === 'settled');
  const tokens = settled.reduce(
    (sum, { usage }) => sum + usage.inputTokens + usage.outputTokens,
    0,
  );
  return `${money(settled)}, ${tokens} tokens`;
}

/** One that counts no tests says nothing of them; a flaky test is never left out. */
function checkWords({ validator, tests, verdict }: Check): string {
  // Among checks that passed only an advisory one says anything else.
  if (verdict !== 'passed') return `${validator} (advises: ${verdict})`;
  if (tests === null) return validator;
  const flaky = tests.flaky === 0 ? '' : `, ${tests.flaky} flaky`;
  return `${validator} (${tests.run} tests${flaky})`;
}
