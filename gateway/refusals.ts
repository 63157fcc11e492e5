/**
 * Notes what a sandbox tried and was refused: the recorded evidence that an agent reached for the
 * network. Bounded, because whoever is refused may go on trying.
 */

const TEXT_CHARS_MAX = 300;

export type Refusals = (line: string) => Promise<void>;

export function refusalsInto(
  note: (kind: string, text: string) => Promise<void>,
  notesMax: number,
): Refusals {
  const noted = { count: 0 };
  return async (line) => {
    noted.count += 1;
    if (noted.count > notesMax + 1) return;
    const text =
      noted.count > notesMax
        ? `more than ${notesMax} refused requests; further ones are not noted`
        : line;
    await note('refused', text);
  };
}

/** What an agent chose must not draw on somebody's terminal, and is cut. */
export function requestLine(method: string, target: string): string {
  const cut = target.length > TEXT_CHARS_MAX ? `${target.slice(0, TEXT_CHARS_MAX)}…` : target;
  return `${method} ${cut}`.replace(/[^\x20-\x7e…]/g, '?');
}
