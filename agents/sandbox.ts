/** What every agent finds in its sandbox. */

/** Made anew for each attempt, in memory, and gone with it. */
export const HOME = '/home/agent';

/**
 * Clients insist on a key; the gateway knows its callers by their socket. Long, because one of them
 * takes the key's characters out of its own output wherever they stand.
 */
export const NO_KEY = 'no-key-is-needed-behind-this-door';

/** The task comes from a file: an argument may hold 128 KiB at most, and shows in lists of processes. */
export const TASK_FILE = 'task.md';
export const RULES_FILE = 'rules.md';

/** Starts a program with the task on its standard input. Words are ours and need no quotes. */
export function onTask(words: readonly string[]): readonly string[] {
  return ['sh', '-c', `exec ${words.join(' ')} < "$HOME/${TASK_FILE}"`];
}
