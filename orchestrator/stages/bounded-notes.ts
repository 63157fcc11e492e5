/**
 * Notes of what one sandbox printed, up to a bound: whoever floods its output fills no disk of ours.
 * Counted from the sandbox's first line, so that a controller that reads it again stops at the same one.
 */
import type { Activity, Store } from '../ports.ts';

const NOTES_MAX = 10_000;
const CHARACTERS_MAX = 8 * 2 ** 20;

export function boundedNotes(store: Pick<Store, 'note'>): (activity: Activity) => Promise<void> {
  const noted = { count: 0, characters: 0, full: false };
  return async (activity) => {
    if (noted.full) return;
    noted.count += 1;
    noted.characters += activity.text.length;
    noted.full = noted.count > NOTES_MAX || noted.characters > CHARACTERS_MAX;
    const text = `more than ${NOTES_MAX} lines or ${CHARACTERS_MAX} characters; further ones are not kept`;
    await store.note(noted.full ? { ...activity, text } : activity);
  };
}
