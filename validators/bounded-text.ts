/** Text that came out of a report, as much of it as anybody reads. Pure. */
export const MESSAGE_CHARACTERS_MAX = 2_000;
export const NAME_CHARACTERS_MAX = 500;
/** A larger report is not read at all. */
export const REPORT_BYTES_MAX = 16 * 1024 * 1024;
/** Failures of one report that are told; all are counted. */
export const FAILURES_MAX = 200;

export function cut(value: string, characters: number): string {
  if (value.length <= characters) return value;
  // Not between the two halves of a surrogate pair.
  return value.slice(0, characters).replace(/[\uD800-\uDBFF]$/, '');
}

/** Parsers quote the report, which may be one long word. */
export function unreadable(why: string): { unreadable: string } {
  return { unreadable: cut(why, NAME_CHARACTERS_MAX) };
}
