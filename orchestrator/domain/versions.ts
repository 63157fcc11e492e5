/**
 * Versions of programs, as they print them: `20.10.24+dfsg1`, `1.4.0-rc.3`, `6.18.44-fc`.
 *
 * A distribution mends old releases without giving them the number of the release that mended them.
 * Its marks are told apart, so that nobody takes such a number for more than it says.
 */

export type Version = {
  readonly numbers: readonly number[];
  /** Of a release that was still to come, as 3 for `rc.3`; null for a release. */
  readonly candidate: number | null;
  /** Whether a distribution built it, with changes of its own. */
  readonly isRebuilt: boolean;
};

const MARKS = /[+~]|dfsg|ubuntu|\bdeb\d|\.(el|fc|amzn|azl|cm)\d/;
/** Longer text is no version; this also bounds what is searched. */
const CHARACTERS_MAX = 200;

/** Null when the text holds no version. */
export function versionIn(text: string): Version | null {
  const found = /(\d{1,6}(?:\.\d{1,6}){0,3})(.*)$/s.exec(text.slice(0, CHARACTERS_MAX));
  if (found === null) return null;
  const [, numbers = '', rest = ''] = found;
  const candidate = /^-?(?:rc|beta|alpha)[.-]?(\d{1,4})/.exec(rest);
  return {
    numbers: numbers.split('.').map(Number),
    candidate: candidate === null ? null : Number(candidate[1]),
    isRebuilt: MARKS.test(rest),
  };
}

/** Below zero when `a` is the older. What a version leaves out is zero. */
export function compareVersions(a: Version, b: Version): number {
  const length = Math.max(a.numbers.length, b.numbers.length);
  for (let at = 0; at < length; at += 1) {
    const step = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (step !== 0) return step;
  }
  return (a.candidate ?? Number.POSITIVE_INFINITY) - (b.candidate ?? Number.POSITIVE_INFINITY) || 0;
}

/** False also when one of the two cannot be read: what nobody can tell is not so. */
export function isAtLeast(found: string, wanted: string): boolean {
  const [a, b] = [versionIn(found), versionIn(wanted)];
  return a !== null && b !== null && compareVersions(a, b) >= 0;
}
