/**
 * What a reviewing model remarked, beside what was proved. Pure. The words are a model's, which read what
 * an agent wrote: they are shown as text, after everything that the controller knows.
 */
import type { Check } from '../domain/check.ts';
import { cell, code, table } from './markdown.ts';

const REMARKS_MAX = 50;
const CELL_CHARACTERS_MAX = 300;
const REMARK = 'review_remark';

/** Whether a check could prove a change; a review only says something of it. */
export function isProving({ kind }: Pick<Check, 'kind'>): boolean {
  return kind !== 'review';
}

/** A review passes nothing, so its verdict is told in other words. */
export function verdictWords(check: Pick<Check, 'kind' | 'verdict' | 'findings'>): string {
  if (isProving(check)) return check.verdict;
  if (check.verdict !== 'passed') return 'not reviewed';
  const count = check.findings.filter(({ code: name }) => name === REMARK).length;
  return `reviewed, ${count} ${count === 1 ? 'remark' : 'remarks'}`;
}

/** For the page of a forge; nothing where no review was asked for. */
export function reviewParts(checks: readonly Check[]): string[] {
  const reviews = checks.filter((check) => !isProving(check));
  if (reviews.length === 0) return [];
  const rows = reviews.flatMap(({ validator, findings }) =>
    findings.map(({ message, where = '' }) => [validator, where, message].map(short)),
  );
  const more = rows.length - REMARKS_MAX;
  return [
    [
      '### What a reviewing model says',
      `These are a model's words (${reviews.map(({ validator }) => code(validator)).join(', ')}). They passed nothing and failed nothing.`,
      rows.length === 0
        ? 'It had no remark, which proves nothing.'
        : table(['Review', 'Where', 'Remark'], rows.slice(0, REMARKS_MAX)),
      ...(more > 0 ? [`and ${more} more.`] : []),
    ].join('\n\n'),
  ];
}

function short(text: string): string {
  const characters = [...text];
  const isLong = characters.length > CELL_CHARACTERS_MAX;
  return cell(isLong ? `${characters.slice(0, CELL_CHARACTERS_MAX).join('')}…` : text);
}
