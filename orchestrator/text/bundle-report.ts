/**
 * The page of a bundle for people: one file, no script, nothing loaded from anywhere. Pure.
 *
 * It is a view: whoever wants to know and not to be told runs `proofhouse verify`.
 */
import type { Change } from '../domain/change.ts';
import type { Check } from '../domain/check.ts';
import type { Digest } from '../domain/ids.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { Records } from '../domain/records.ts';
import { checkWords, testWords } from './checks.ts';
import { type Decided, decidedLines } from './decisions.ts';

export type BundleFacts = {
  readonly task: {
    readonly id: string;
    readonly repository: string;
    readonly base: string;
    readonly requester: string;
  };
  readonly agent: {
    readonly attempt: number;
    readonly agent: string;
    readonly model: string;
    readonly image: string;
    readonly harnesses: readonly Digest[];
  };
  readonly decision: {
    readonly at: string;
    readonly judgement: Judgement;
    readonly evidence: Digest;
  };
  readonly facts: { readonly change: Change };
  readonly checks: readonly Check[];
  readonly records: Records;
};

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
  'table{border-collapse:collapse;width:100%}td,th{border:1px solid;padding:.25rem .5rem;text-align:left;overflow-wrap:anywhere}';
/** Not even what a browser would load for a page by itself. */
const NOTHING = "default-src 'none'; style-src 'unsafe-inline'";

export function bundleReport(facts: BundleFacts, decided: Decided): string {
  const { task, agent, decision, checks } = facts;
  const { change } = facts.facts;
  const { judgement } = decision;
  const sections = [
    `<h1>Evidence of run ${escaped(task.id)}</h1>`,
    '<p>This page says what the other files of its folder say. To check them instead of believing it, run <code>proofhouse verify</code> on the folder.</p>',
    table('What', [
      ['repository', task.repository],
      ['branch', task.base],
      ['base commit', change.base],
      ['tree', change.tree],
      ['entries', change.entries],
      ['asked by', task.requester],
      ['agent', `${agent.agent}, attempt ${agent.attempt}`],
      ['model', agent.model],
      ['image', agent.image],
      ...agent.harnesses.map((digest) => ['harness', digest]),
      ['decided', decision.at],
      ['policy', judgement.policy],
      ['evidence', decision.evidence],
    ]),
    table('Checks', [
      ['check', 'verdict', 'tests', 'definition'],
      ...checks.map((check) => [
        ...[check.validator, checkWords(check), testWords(check), check.definition],
      ]),
    ]),
    table('Gates', [
      ['gate', 'class', 'why', 'paths'],
      ...judgement.gates.map(({ id, riskClass, why, paths }) => [
        ...[id, riskClass, why, paths.join(', ')],
      ]),
    ]),
    `<h2>People</h2><ul>${decidedLines(decided).map(item).join('')}</ul>`,
  ];
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${NOTHING}"><title>Evidence of run ${escaped(task.id)}</title><style>${STYLE}</style></head>\n<body>\n${sections.join('\n')}\n</body></html>\n`;
}

function table(title: string, rows: readonly (readonly string[])[]): string {
  const cells = rows.map(
    (row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
  );
  return `<h2>${title}</h2><table>${cells.join('\n')}</table>`;
}

function item(text: string): string {
  return `<li>${escaped(text)}</li>`;
}

/** Characters that are not seen are shown, so that no name looks like another. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) =>
      found === '\n' ? ' ' : `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
