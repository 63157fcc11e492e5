/** What a check came to, in a few words that never make more of it than it is. Pure. */
import type { Check } from '../domain/check.ts';
import { isProving, verdictWords } from './reviews.ts';

/** A test that failed first is no plain pass, a result of an earlier run is said to be one. */
export function checkWords(check: Check): string {
  const { verdict, tests, cachedFrom, advisory } = check;
  const flaky = verdict === 'passed' && (tests?.flaky ?? 0) > 0;
  const proved = verdict === 'unknown' ? 'unproven' : flaky ? 'flaky' : verdict;
  const word = isProving(check) ? proved : verdictWords(check);
  return [
    word,
    ...(cachedFrom === null
      ? []
      : [`cached from ${cachedFrom.run}, attempt ${cachedFrom.attempt}`]),
    ...(advisory ? ['advisory'] : []),
  ].join(', ');
}

export function testWords({ tests }: Pick<Check, 'tests'>): string {
  if (tests === null) return 'not counted';
  const { run, failed, skipped, flaky } = tests;
  const parts = [
    `${run} run`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(flaky > 0 ? [`${flaky} passed only when run again`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return parts.join(', ');
}
