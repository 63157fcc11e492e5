/**
 * What a published change says of itself: to a reviewer on the forge, and to git for ever. Pure.
 *
 * Invariant: every text that a task, a path, a policy or an agent could have chosen goes through
 * `markdown.ts`. Trailers hold digests and people only, and nobody is named whose yes does not count
 * for this change.
 */
import type { Approval } from '../domain/approval.ts';
import type { Change, Entry } from '../domain/change.ts';
import type { Check } from '../domain/check.ts';
import type { Digest } from '../domain/ids.ts';
import { type GateJudgement, type Judgement, RiskClass } from '../domain/judgement.ts';
import type { RelatedRun } from '../domain/related-runs.ts';
import type { Prepared } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import { checkWords, testWords } from './checks.ts';
import { type CostRow, dollars, reportedWords, tokenWords, vendorsOf } from './cost.ts';
import { type OpenedGate, voterWords } from './decisions.ts';
import { block, cell, code, subject, table, words } from './markdown.ts';
import { isProving } from './reviews.ts';
import { saidParts } from './said.ts';

export type PullRequestFacts = {
  readonly task: Task;
  /** The attempt that made the change, counted from 1. */
  readonly attempt: number;
  readonly prepared: Prepared;
  readonly change: Change;
  readonly entries: readonly Entry[];
  readonly judgement: Judgement;
  readonly checks: readonly Check[];
  readonly evidence: Digest;
  /** Those that count, with whether they were given for an earlier change. */
  readonly approvals: readonly { readonly approval: Approval; readonly carried: boolean }[];
  /** Gates that an emergency opened. */
  readonly opened: readonly OpenedGate[];
  readonly cost: Cost;
  /** Changed files that decide what is installed: checks ran with what the base installs. */
  readonly manifests: readonly string[];
  /** Digests of what the agent ran with. */
  readonly harnesses: readonly Digest[];
  /** What of it the policy does not expect. */
  readonly alarms: readonly string[];
  /** How often something in the run's sandboxes tried to reach the network and was refused. */
  readonly refusedConnections: number;
  /** Other runs that touch the same gates or files. */
  readonly related: readonly RelatedRun[];
  /** What a model called it; null for the task's own title. */
  readonly titled: Titled | null;
  /** What each check ran, as the policy has it, under its id. */
  readonly ran: ReadonlyMap<string, string>;
  /** The evidence of all this, by the digest of its list, and the last record of the audit log in it. */
  readonly bundle: { readonly digest: Digest; readonly audit: string | null };
  /** The agent's last words. */
  readonly said: string;
};

export type Titled = { readonly title: string; readonly by: string };

export type Cost = {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Null when nobody said what the model costs. */
  readonly microUsd: number | null;
  /** No real model took part. */
  readonly scripted: boolean;
  /** By role and model. */
  readonly rows: readonly CostRow[];
};

export type PullRequestText = {
  readonly title: string;
  readonly body: string;
  readonly commitMessage: string;
};

const QUOTED_CHARACTERS_MAX = 8_000;
const CELL_CHARACTERS_MAX = 300;
const PATHS_MAX = 20;
const ROWS_MAX = 50;
const EVIDENCE_MAX = 3;

export function pullRequestText(facts: PullRequestFacts): PullRequestText {
  const own = subject(facts.task.title);
  const title = facts.titled === null ? own : subject(facts.titled.title);
  const sections = [
    summary(facts, code),
    ...emergency(facts),
    ...alarmParts(facts),
    `### What was asked\n\n${asked(facts)}`,
    `### Checks\n\n${checksTable(facts)}${manifestNote(facts)}`,
    `### Gates\n\n${gatesTable(facts)}`,
    `### What it touched\n\n${touched(facts)}`,
    ...beside(facts),
    ...ignoredParts(facts),
    `### What ran, and what it cost\n\n${harness(facts)}\n\n${cost(facts.cost)}`,
    `### How to verify\n\n${howToVerify(facts)}`,
    digests(facts),
    ...saidParts(facts),
  ];
  const lines = [own, '', summary(facts, subject), '', ...trailers(facts)];
  return { title, body: `${sections.join('\n\n')}\n`, commitMessage: `${lines.join('\n')}\n` };
}

function summary(facts: PullRequestFacts, show: (text: string) => string): string {
  const { attempt, prepared, change, judgement, checks } = facts;
  const proving = checks.filter(isProving);
  const passed = proving.filter(({ verdict }) => verdict === 'passed').length;
  const again = proving.filter(({ verdict, tests }) => verdict === 'passed' && tests?.flaky).length;
  const flaky = again === 0 ? '' : ` (${again} only when run again)`;
  const people = approvers(facts).map(show);
  const agreed = people.length === 0 ? nobody(facts) : `${people.join(', ')} agreed`;
  return (
    `${show(prepared.agent)} made this change in ${some(attempt, 'attempt')}: ` +
    `${some(change.files, 'file')}, +${change.addedLines} −${change.removedLines} lines, ` +
    `risk class ${judgement.riskClass}; ${passed} of ${some(proving.length, 'check')} passed${flaky}, and ${agreed}.`
  );
}

/** Who reads a diff of devcontainer.json may think that it was done. */
function ignoredParts({ prepared: { ignored } }: PullRequestFacts): string[] {
  if (ignored.length === 0) return [];
  const rows = ignored.map(({ where, message }) => [short(where ?? ''), short(message)]);
  return [`### What the workspace was not given\n\n${bounded(['Where', 'What'], rows)}`];
}

function breakers({ opened }: PullRequestFacts): readonly string[] {
  return [...new Set(opened.flatMap(({ by }) => by))].sort();
}

function nobody({ opened }: PullRequestFacts): string {
  return opened.length === 0 ? 'nobody had to agree' : 'it was passed by break-glass';
}

/** Said on top and not in a table: who reads no further must know. */
function emergency(facts: PullRequestFacts): string[] {
  const { opened } = facts;
  if (opened.length === 0) return [];
  const gates = opened.map(({ gate }) => code(gate)).join(', ');
  const people = breakers(facts).map(code).join(' and ');
  const incidents = [...new Set(opened.map(({ incidentUrl }) => incidentUrl))].map(code).join(', ');
  return [
    `> **Passed by break-glass**: ${people} opened ${gates} in an emergency, ${incidents}. ` +
      'All checks ran. Somebody else must review this afterwards.',
  ];
}

function alarmParts({ alarms }: PullRequestFacts): string[] {
  return alarms.slice(0, PATHS_MAX).map((alarm) => `> **Alarm**: ${code(cut(alarm))}`);
}

function asked({ task, titled }: PullRequestFacts): string {
  const from = `${code(task.requester)} asked on ${time(task.queuedAt)}, through ${words(task.source)}:`;
  const by = titled === null ? '' : `\n\nThe title was written by a model, ${code(titled.by)}.`;
  return `${from}\n\n${block(task.text, QUOTED_CHARACTERS_MAX)}${by}`;
}

function manifestNote({ manifests }: PullRequestFacts): string {
  if (manifests.length === 0) return '';
  const files = manifests.map(code).join(', ');
  return `\n\n**These checks ran with the dependencies of the base commit**, although the change edits ${files}.`;
}

function checksTable({ checks, ran }: PullRequestFacts): string {
  const rows = checks.map((check) => [
    ...[short(check.validator), verdictCell(check), short(ran.get(check.validator) ?? check.kind)],
    ...[testWords(check), `${(check.wallMs / 1000).toFixed(1)} s`, evidenceCell(check)],
  ]);
  return bounded(['Check', 'Verdict', 'What ran', 'Tests', 'Time', 'Evidence'], rows);
}

/** Only a plain pass looks like one. */
function verdictCell(check: Check): string {
  const words = checkWords(check);
  return words === 'passed' ? words : `**${words}**`;
}

function evidenceCell({ evidence }: Check): string {
  const named = evidence
    .slice(0, EVIDENCE_MAX)
    .map(({ name, digest }) => `${short(name)} ${code(shortDigest(digest))}`);
  const more = evidence.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ') || 'none';
}

function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

function gatesTable(facts: PullRequestFacts): string {
  const { gates } = facts.judgement;
  if (gates.length === 0) return 'No gate of the policy matched this change.';
  const rows = gates.map((gate) => [
    ...[short(gate.id), gate.riskClass, whyOf(gate, facts), agreement(gate, facts)],
  ]);
  return bounded(['Gate', 'Class', 'Why', 'Agreed'], rows);
}

function whyOf({ id, why }: GateJudgement, { judgement: { advice } }: PullRequestFacts): string {
  if (!advice?.add.includes(id)) return short(why);
  const raised = advice.raised?.find(({ gate }) => gate === id);
  if (raised !== undefined) {
    return `${short(why)} **Raised by a review**, ${code(raised.validator)} by ${code(raised.by)}; no path asks for it.`;
  }
  return `${short(why)} **Advised by a model**, ${code(advice.by)}; no path asks for it.`;
}

function agreement(gate: GateJudgement, facts: PullRequestFacts): string {
  if (gate.approvals.length === 0) return 'asks nobody';
  const opened = facts.opened.find(({ gate: id }) => id === gate.id);
  if (opened) return `**passed by break-glass**: ${opened.by.map(code).join(', ')}`;
  const given = facts.approvals.filter(({ approval }) => approval.gate === gate.id);
  const one = ({ approval, carried }: (typeof given)[number]): string =>
    `${code(voterWords(approval))}, ${time(approval.createdAt)}${carried ? ', for an earlier change' : ''}`;
  return given.map(one).join('; ') || 'nobody';
}

function touched({ change, entries, judgement, refusedConnections }: PullRequestFacts): string {
  const paths = guardedFirst(entries, judgement)
    .slice(0, PATHS_MAX)
    .map(({ operation, path }) => `- ${operation} ${code(cut(path))}`);
  const more = entries.length - paths.length;
  const lines = [
    `${some(change.files, 'file')}, +${change.addedLines} −${change.removedLines} lines:`,
    '',
    ...paths,
    ...(more > 0 ? [`- and ${more} more`] : []),
    '',
    refusedConnections === 0
      ? 'No try to reach the network was seen.'
      : `${some(refusedConnections, 'try', 'tries')} to reach the network ` +
        `${refusedConnections === 1 ? 'was' : 'were'} seen and refused.`,
  ];
  return lines.join('\n');
}

/**
 * What people were asked about comes first, however much else there is. A gate on the whole change,
 * as of its size, tells no file from another; of two of a class the narrower one tells more.
 */
function guardedFirst(entries: readonly Entry[], { gates }: Judgement): Entry[] {
  const places = new Map<string, number>();
  const telling = gates
    .filter(({ approvals, paths }) => approvals.length > 0 && paths.length < entries.length)
    .toSorted((a, b) => height(b) - height(a) || a.paths.length - b.paths.length);
  for (const [place, { paths }] of telling.entries()) {
    for (const path of paths) places.set(path, places.get(path) ?? place);
  }
  const placeOf = ({ path }: Entry): number => places.get(path) ?? gates.length;
  return entries.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function height({ riskClass }: GateJudgement): number {
  return RiskClass.options.indexOf(riskClass);
}

/** Two changes may be harmless apart and not together. */
function beside({ related }: PullRequestFacts): string[] {
  if (related.length === 0) return [];
  const lines = related.map(({ id, title, isPublished, gates, files }) => {
    const shared = [
      ...gates.map((gate) => `gate ${code(gate.id)} (${some(gate.paths.length, 'file')})`),
      ...(files.length > 0 ? [`${some(files.length, 'file')} of this change`] : []),
    ].slice(0, PATHS_MAX);
    const state = isPublished ? 'published' : 'under way';
    return `- ${code(id)}, ${state}, ${code(cut(title))}: ${shared.join(', ')}`;
  });
  return [`### Other runs that touch the same\n\n${lines.join('\n')}`];
}

function cost({ calls, inputTokens, outputTokens, microUsd, scripted, rows }: Cost): string {
  const money = microUsd === null ? 'price not known' : dollars(microUsd);
  const sum = `${some(calls, 'model call')}, ${inputTokens} tokens in, ${outputTokens} tokens out, ${money}.`;
  const all = scripted ? `${sum} The model was scripted: no real model took part.` : sum;
  const parts = rows.map((row) => [
    row.role,
    short(row.model),
    short(row.vendor),
    `${row.calls}${row.failed > 0 ? `, ${row.failed} failed` : ''}`,
    tokenWords(row.tokens),
    row.microUsd === null ? 'not known' : dollars(row.microUsd),
    reportedWords(row),
  ]);
  const head = ['Role', 'Model', 'Vendor', 'Calls', 'Tokens', 'Cost', 'By the provider'];
  const listed = rows.length === 0 ? [] : [bounded(head, parts)];
  return [all, ...listed, ...apart(rows)].join('\n\n');
}

/** Told from the ledger, whatever a policy asked for. */
function apart(rows: readonly CostRow[]): string[] {
  const [edit, review] = [vendorsOf(rows, 'edit'), vendorsOf(rows, 'review')];
  if (edit.length === 0 || review.length === 0) return [];
  const both = review.filter((vendor) => edit.includes(vendor));
  const names = (all: readonly string[]) => all.map(short).join(', ');
  const said = `Edited by models of ${names(edit)}, reviewed by models of ${names(review)}`;
  return [both.length === 0 ? `${said}: other vendors.` : `${said}: ${names(both)} did both.`];
}

function harness({ prepared, harnesses }: PullRequestFacts): string {
  const seen = harnesses.slice(0, PATHS_MAX).map((digest) => code(shortDigest(digest)));
  const what = `${code(prepared.agent)} on ${code(prepared.model)}`;
  return seen.length === 0
    ? `${what}. No model was asked, so nothing was seen of what the agent ran with.`
    : `${what}, with harness ${seen.join(', ')}.`;
}

function howToVerify({ task, change, bundle }: PullRequestFacts): string {
  return [
    'On this branch, the first command prints the tree that was checked and agreed to. The second writes the evidence to a folder, and the third checks that folder without believing it; `docs/evidence.md` does the same with common tools.',
    '',
    '```sh',
    `git rev-parse 'HEAD^{tree}'   # ${change.tree}`,
    `proofhouse run bundle ${task.id} --out evidence   # ${bundle.digest}`,
    'proofhouse verify evidence --repo . --trust KEYS.json',
    '```',
  ].join('\n');
}

function digests(facts: PullRequestFacts): string {
  const { prepared, change, judgement, evidence, harnesses, bundle } = facts;
  const rows = [
    ['Bundle', bundle.digest],
    ['Base commit', change.base],
    ['Tree', change.tree],
    ['Entries', change.entries],
    ['Policy', judgement.policy],
    ['Rules', prepared.rules ?? 'none'],
    ['Evidence', evidence],
    ['Agent', prepared.agent],
    ['Image', prepared.image],
    ...harnesses.slice(0, PATHS_MAX).map((harness) => ['Harness', harness]),
    ['Model', prepared.model],
  ].map(([name = '', value = '']) => [name, code(cut(value.replaceAll('|', '¦')))]);
  const inner = table(['What', 'Exactly'], rows);
  return `<details>\n<summary>Digests</summary>\n\n${inner}\n\n</details>`;
}

function trailers(facts: PullRequestFacts): readonly string[] {
  const { task, change, judgement, evidence, bundle } = facts;
  return [
    `Proofhouse-Run: ${task.id}`,
    `Proofhouse-Tree: ${change.tree}`,
    `Proofhouse-Policy: ${judgement.policy}`,
    `Proofhouse-Evidence: ${evidence}`,
    `Proofhouse-Bundle: ${bundle.digest}`,
    ...(bundle.audit === null ? [] : [`Proofhouse-Audit: ${bundle.audit}`]),
    `Requested-by: ${task.requester}`,
    ...approvers(facts).map((person) => `Approved-by: ${person}`),
    ...breakers(facts).map((person) => `Break-glass-by: ${person}`),
  ];
}

function approvers({ approvals }: PullRequestFacts): readonly string[] {
  return [...new Set(approvals.map(({ approval }) => voterWords(approval)))].sort();
}

function bounded(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const more = rows.length - ROWS_MAX;
  return table(head, rows.slice(0, ROWS_MAX)) + (more > 0 ? `\n\nand ${more} more.` : '');
}

function short(text: string): string {
  return cell(cut(text));
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= CELL_CHARACTERS_MAX
    ? text
    : `${characters.slice(0, CELL_CHARACTERS_MAX).join('')}…`;
}

function some(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** ISO 8601 in UTC, to the minute: `2026-03-01 10:00 UTC`. */
function time(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}
