/** What decides nothing about a change comes last on its page, as a quotation that does nothing. Pure. */
import type { Check } from '../domain/check.ts';
import { block } from './markdown.ts';
import { isProving, reviewParts } from './reviews.ts';

const SAID_CHARACTERS_MAX = 2_000;

export function saidParts({
  said,
  checks,
}: {
  readonly said: string;
  readonly checks: readonly Check[];
}): string[] {
  const advised = checks
    .filter((check) => check.advisory && isProving(check))
    .flatMap(({ validator, findings }) => findings.map((one) => `${validator}: ${one.message}`));
  return [
    ...(advised.length === 0
      ? []
      : [quoted('What advisory checks found', 'Nothing depends on it.', advised.join('\n'))]),
    ...reviewParts(checks),
    ...(said.trim() === ''
      ? []
      : [
          quoted(
            'What the agent said of it',
            'Nobody checked this, and nothing depends on it.',
            said,
          ),
        ]),
  ];
}

const quoted = (head: string, note: string, text: string): string =>
  `### ${head}\n\n${note}\n\n${block(text, SAID_CHARACTERS_MAX)}`;
