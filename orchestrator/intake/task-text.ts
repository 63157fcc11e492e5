/** A task from the text someone wrote. The text is kept as it came; only the title is cleaned. */
import { Fault } from '../domain/faults.ts';
import type { Task } from '../domain/task.ts';

const TEXT_MAX_BYTES = 65_536;
const TITLE_MAX_CHARACTERS = 120;

/** Throws `usage` when there is no text, no title in it, or more than 64 KiB. */
export function taskFrom(text: string, given: Omit<Task, 'title' | 'text'>): Task {
  const bytes = Buffer.byteLength(text);
  if (bytes > TEXT_MAX_BYTES) {
    throw new Fault(
      'usage',
      `The task from ${given.source} has ${bytes} bytes; at most ${TEXT_MAX_BYTES} are taken.`,
    );
  }
  const title = titleOf(text);
  if (title === '') throw new Fault('usage', `The task from ${given.source} says nothing.`);
  return { ...given, title, text };
}

function titleOf(text: string): string {
  for (const line of text.split(/\r\n|[\n\r\u2028\u2029]/)) {
    const title = line
      .replace(/\t/g, ' ')
      // A title is shown in terminals and pull requests; hidden characters could make it lie there.
      .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
      .trim()
      .replace(/^#+\s*/, '');
    if (title !== '') return cut(title);
  }
  return '';
}

/** Never through the middle of a character that takes two code units. */
function cut(title: string): string {
  let kept = '';
  for (const character of title) {
    if (kept.length + character.length > TITLE_MAX_CHARACTERS) break;
    kept += character;
  }
  return kept.trimEnd();
}
