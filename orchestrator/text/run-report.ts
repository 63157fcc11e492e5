/** A run as a person reads it in a terminal: where it is, what it did, what it waits for. */
import type { Finding, TestCounts } from '../domain/check.ts';
import type { Person } from '../domain/ids.ts';
import type { Advice } from '../domain/judgement.ts';
import type { RelatedRun } from '../domain/related-runs.ts';
import type { Quota, RunState, Verdict } from '../domain/run-state.ts';
import { isScripted } from '../domain/scripted.ts';
import type { Task } from '../domain/task.ts';
import type { JournalEntry, ModelCall } from '../ports.ts';
import { columns, printable, printableLines } from './columns.ts';
import { costRows, dollars, reportedWords, tokensOf, tokenWords } from './cost.ts';
import { type Decided, decidedLines, requirementWords, voterWords } from './decisions.ts';
import { outcomeDetails, stateWords } from './outcomes.ts';
import { verdictWords } from './reviews.ts';

export type RunReport = {
  readonly task: Task;
  readonly run: RunState;
  readonly journal: readonly JournalEntry[];
  readonly calls: readonly ModelCall[];
  /** What the gateway saw of the agent's harness that the policy does not expect. */
  readonly alarms: readonly string[];
  /** Who may decide, when it waits. */
  readonly may: readonly Person[];
  /** What all decisions come to, when it waits. */
  readonly decided: Decided | null;
  /** Other runs that touch the same gates or files, when it waits. */
  readonly related: readonly RelatedRun[];
  /** How to call the command line from here, as in `./proofhouse --demo`. */
  readonly command: string;
};

/** More than these are counted. */
const PATHS_SHOWN_MAX = 12;

export function runList(rows: readonly { task: Task; run: RunState; at: string }[]): string {
  if (rows.length === 0)
    return 'No runs yet. Queue a task with: proofhouse task add --repo . "what you want"';
  return columns([
    ['RUN', 'STATE', 'ATTEMPT', 'BASE', 'REQUESTER', 'LAST EVENT', 'TASK'],
    ...rows.map(({ task, run, at }) => [
      task.id,
      stateWords(run),
      'attempt' in run ? String(run.attempt) : '',
      task.base,
      task.requester,
      at.slice(0, 19).replace('T', ' '),
      task.title,
    ]),
  ]);
}

export function runReport(report: RunReport): string {
  const { task, run, journal, calls } = report;
  return [
    `${task.id}  ${printable(task.title)}`,
    `${stateWords(run)}; asked by ${task.requester} on ${task.queuedAt.slice(0, 19).replace('T', ' ')}, from ${printable(task.source)}`,
    `repository ${printable(task.repository)}, base ${printable(task.base)}`,
    ...report.alarms.map((alarm) => `ALARM: ${printable(alarm)}`),
    '',
    ...timeline(journal),
    ...ignoredLines(journal),
    ...changeLines(run),
    ...checkLines(run, journal),
    ...gateLines(run),
    ...relatedLines(report.related),
    ...costLines(calls),
    ...(run.phase === 'awaiting_approval' ? waitingLines(report) : []),
    ...(run.phase === 'done' ? ['', ...outcomeDetails(run.outcome).map(printableLines)] : []),
  ].join('\n');
}

/** Two changes may be harmless apart and not together; who decides is told of the other. */
function relatedLines(related: readonly RelatedRun[]): string[] {
  if (related.length === 0) return [];
  const rows = related.map(({ id, title, isPublished, gates, files }) => [
    `  ${id}`,
    isPublished ? 'published' : 'under way',
    [
      ...gates.map((gate) => `${gate.id}: ${gate.paths.length} files`),
      ...(files.length > 0 ? [`same files: ${files.length}`] : []),
    ].join(', '),
    title,
  ]);
  return ['', 'Other runs that touch the same', columns(rows)];
}

/** The exact command that approves what waits, for each person who may. */
export function approveLines({
  task,
  run,
  command,
  may,
}: Pick<RunReport, 'task' | 'run' | 'command' | 'may'>): string[] {
  if (run.phase !== 'awaiting_approval') return [];
  return may.map(
    (person) =>
      `${command} approve ${task.id} --tree ${run.change.tree.slice(0, 12)} --as ${person}`,
  );
}

/** Milliseconds as people say them. */
export function duration(ms: number): string {
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function money(calls: readonly Pick<ModelCall, 'microUsd'>[]): string {
  if (calls.some(({ microUsd }) => microUsd === null)) return 'not priced';
  return dollars(calls.reduce((sum, { microUsd }) => sum + (microUsd ?? 0), 0));
}

function timeline(journal: readonly JournalEntry[]): string[] {
  const start = Date.parse(journal[0]?.at ?? '');
  return journal.map(({ at, event }) => {
    const after = `+${duration(Date.parse(at) - start)}`.padStart(12);
    return `${after}  ${event.type.replaceAll('_', ' ')}${eventNote(event)}`;
  });
}

const HOLDS: Readonly<Record<Quota['kind'], string>> = {
  ext4: 'held by a file system of its own',
  tmpfs: 'held in memory',
  watched: 'only watched',
};

function quotaWords(quota: Quota | undefined): string {
  if (quota === undefined) return '';
  const { kind, bytes, inodes } = quota;
  return `, workspace of ${Math.round(bytes / 2 ** 20)} MiB and ${inodes} files, ${HOLDS[kind]}`;
}

/** What came out with a change and is no reason to refuse it. */
function beside(findings: readonly Finding[]): string {
  return findings.map(({ message }) => `; ${printable(message)}`).join('');
}

/** What the base's own files ask of a workspace and never get. */
function ignoredLines(journal: readonly JournalEntry[]): string[] {
  const prepared = journal.findLast(({ event }) => event.type === 'workspace_ready')?.event;
  if (prepared?.type !== 'workspace_ready' || prepared.prepared.ignored.length === 0) return [];
  const rows = prepared.prepared.ignored.map(({ where, message }) => {
    return printable(`  ${where ?? ''}: ${message}`);
  });
  return ['', 'ignored in the workspace', ...rows];
}

function adviceWords(advice: Advice | undefined): string {
  const raised = advice?.raised ?? [];
  const advised = (advice?.add ?? []).filter((id) => !raised.some(({ gate }) => gate === id));
  return [
    ...(advised.length === 0
      ? []
      : [`gates advised by a model, ${advice?.by}: ${advised.join(', ')}`]),
    ...raised.map(
      ({ gate, validator, by }) => `gate ${gate} raised by the review ${validator}, ${by}`,
    ),
  ]
    .map((words) => `; ${words}`)
    .join('');
}

/** Whose it is that a gate holds which no path asks for. */
function advisedWords(id: string, advice: Advice | undefined): string {
  if (!advice?.add.includes(id)) return '';
  const raised = advice.raised?.find(({ gate }) => gate === id);
  return raised === undefined
    ? ` (advised by a model, ${advice.by})`
    : ` (raised by the review ${raised.validator}, ${raised.by})`;
}

/** Only what is unusual is told. */
function endWords(verdict: Verdict | undefined): string {
  if (verdict === 'failed') return ' (it says that it failed)';
  return verdict === 'cut_short' ? ' (it was cut short)' : '';
}

function eventNote(event: JournalEntry['event']): string {
  switch (event.type) {
    case 'workspace_ready':
      return `: ${printable(event.prepared.agent)} on ${printable(event.prepared.model)}, base ${event.prepared.base.slice(0, 12)}${quotaWords(event.prepared.quota)}`;
    case 'agent_finished':
      return `${endWords(event.ending.verdict)}${event.ending.said === '' ? '' : `, and says: "${printable(event.ending.said).slice(0, 100)}"`}`;
    case 'change_sealed':
      return `: tree ${event.change.tree.slice(0, 12)}, ${event.change.files} files, +${event.change.addedLines} -${event.change.removedLines}${beside(event.findings ?? [])}`;
    case 'judged':
      return `: ${event.judgement.verdict}, class ${event.judgement.riskClass}${adviceWords(event.judgement.advice)}`;
    case 'validation_failed':
    case 'change_refused':
      return `: ${printable(event.findings.map(({ code }) => code).join(', '))}`;
    case 'approved':
      return `: ${voterWords(event.approval.record)}, gate ${event.approval.record.gate}`;
    case 'vetoed':
      return `: ${event.veto.record.approver.id}, gate ${event.veto.record.gate}: ${printable(event.veto.record.reason ?? '')}`;
    case 'veto_lifted':
      return `: ${event.lift.record.by.id}: ${printable(event.lift.record.reason)}`;
    case 'revoked':
      return `: ${event.revocation.record.by}`;
    case 'glass_broken':
      return `: ${event.use.record.by.id}, gates ${event.use.record.gates.join(', ')}, ${printable(event.use.record.incidentUrl)}`;
    case 'validation_passed':
      return event.carried.length === 0
        ? ''
        : `: ${event.carried.length} approvals of an earlier change still count`;
    case 'approvals_went_stale':
      return `: ${printable(event.reasons.join(' '))}`;
    case 'machinery_broke':
      // The whole message is below, where the run says how it ended.
      return ` (${event.code}): ${printable(event.message.split('\n', 1)[0] ?? '').slice(0, 200)}`;
    case 'limit_reached':
      return `: ${printable(event.message)}`;
    case 'pull_request_opened':
      return `: #${event.number}${event.consumed.some(isGlass) ? ', passed by break-glass' : ''}`;
    default:
      return '';
  }
}

/** Ids say what kind of record they name. */
function isGlass(id: string): boolean {
  return id.startsWith('brk_');
}

function changeLines(run: RunState): string[] {
  if (!('change' in run)) return [];
  const { change } = run;
  return ['', `change: base ${change.base.slice(0, 12)}, tree ${change.tree}`];
}

function checkLines(run: RunState, journal: readonly JournalEntry[]): string[] {
  const last = journal.findLast(
    ({ event }) => event.type === 'validation_passed' || event.type === 'validation_failed',
  )?.event;
  if (last === undefined || !('checks' in last)) return [];
  const rows = last.checks.map(({ validator, tests, wallMs, ...check }) => [
    `  ${validator}`,
    verdictWords(check),
    testWords(tests),
    duration(wallMs),
  ]);
  const findings = run.phase === 'done' ? [] : last.checks.flatMap((check) => check.findings);
  const notes = last.checks.flatMap((check) => check.notes ?? []);
  return [
    '',
    'checks',
    columns(rows),
    ...findings.map(({ validator, message }) => printableLines(`  - ${validator}: ${message}`)),
    ...notes.map(({ validator, message }) => printableLines(`  (${validator}: ${message})`)),
  ];
}

function testWords(tests: TestCounts | null): string {
  if (tests === null) return '';
  const flaky = tests.flaky === 0 ? '' : `, ${tests.flaky} flaky`;
  return `${tests.run} tests, ${tests.failed} failed${flaky}`;
}

function gateLines(run: RunState): string[] {
  if (!('judgement' in run)) return [];
  const { gates, advice } = run.judgement;
  if (gates.length === 0) return [];
  const rows = gates.map(({ id, riskClass, why, sources, paths }) => [
    `  ${id}`,
    riskClass,
    why + advisedWords(id, advice),
    sources.map(({ where }) => where).join(', '),
    `${paths.length} paths`,
  ]);
  return ['', 'gates', columns(rows)];
}

function costLines(calls: readonly ModelCall[]): string[] {
  if (calls.length === 0) return [];
  const settled = calls.filter(({ state }) => state === 'settled');
  const rows = costRows(calls);
  const shown = rows.map((row) => [
    `  ${row.role}`,
    row.vendor === '' ? row.model : `${row.model} (${row.vendor})`,
    `${row.calls} calls${row.failed > 0 ? `, ${row.failed} failed` : ''}`,
    tokenWords(row.tokens),
    row.microUsd === null ? 'not priced' : dollars(row.microUsd),
    reportedWords(row),
  ]);
  return [
    '',
    `model calls: ${calls.length} (${calls.length - settled.length} failed), tokens: ${tokenWords(tokensOf(calls))}, ${money(calls)}`,
    ...(rows.length > 0 ? [columns(shown)] : []),
    ...(calls.some(isScripted) ? ['The model was scripted: no real model took part.'] : []),
  ];
}

function waitingLines(report: RunReport): string[] {
  const { run } = report;
  if (run.phase !== 'awaiting_approval') return [];
  const open = run.judgement.gates.filter(({ approvals }) => approvals.length > 0);
  return [
    '',
    ...open.flatMap(({ id, approvals, why, paths }) => [
      `Gate ${id} asks for ${approvals.map(requirementWords).join(' and ')}: ${printable(why)}`,
      ...paths.slice(0, PATHS_SHOWN_MAX).map((path) => `  ${printable(path)}`),
      ...(paths.length > PATHS_SHOWN_MAX ? [`  and ${paths.length - PATHS_SHOWN_MAX} more`] : []),
    ]),
    ...(report.decided === null ? [] : decidedLines(report.decided)),
    `It waits until ${run.expiresAt.slice(0, 16).replace('T', ' ')}. To see the change, then to approve exactly this tree:`,
    `  ${report.command} run show ${report.task.id} --diff`,
    ...approveLines(report).map((line) => `  ${line}`),
  ];
}
