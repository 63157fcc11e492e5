/** What a check of a bundle found, as a table that can be pasted into a ticket. Pure. */
import { columns, printable } from './columns.ts';

export type VerifiedStep = {
  readonly title: string;
  readonly verdict: 'passed' | 'failed' | 'unknown' | 'skipped';
  readonly problems: readonly string[];
  readonly note: string;
};

export type Verified = {
  readonly bundle: string | null;
  readonly run: string | null;
  readonly tree: string | null;
  readonly steps: readonly VerifiedStep[];
  readonly verdict: 'verified' | 'failed' | 'waiting' | 'unknown';
};

const WORDS = { passed: 'ok', failed: 'WRONG', unknown: 'UNKNOWN', skipped: 'not asked' } as const;

const SENTENCES = {
  verified: 'Everything that was looked at holds.',
  failed: 'This bundle does not prove what it says.',
  waiting: 'All holds but this: people who must agree did not, or do not any more.',
  unknown: 'Nothing is wrong as far as can be seen, and not everything could be looked at.',
} as const;

export function verifyReport(report: Verified, folder: string): string {
  const head = columns([
    ['bundle', report.bundle ?? 'unknown'],
    ['folder', folder],
    ['run', report.run ?? 'unknown'],
    ['tree', report.tree ?? 'unknown'],
    ['verdict', report.verdict],
  ]);
  const rows = report.steps.map(({ title, verdict, note }) => [WORDS[verdict], title, note]);
  const problems = report.steps.flatMap(({ title, problems: found }) =>
    found.length === 0 ? [] : [`${title}:`, ...found.map((one) => `  - ${printable(one)}`)],
  );
  return [
    head,
    columns(rows),
    ...(problems.length > 0 ? [problems.join('\n')] : []),
    SENTENCES[report.verdict],
  ].join('\n\n');
}
