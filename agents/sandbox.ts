/** What every agent finds in its sandbox. */

/** Made anew for each attempt, in memory, and gone with it. */
export const HOME = '/home/agent';

/** The task comes from a file: an argument may hold 128 KiB at most, and shows in lists of processes. */
export const TASK_FILE = 'task.md';
export const RULES_FILE = 'rules.md';

/** Starts a program with the task on its standard input. Words are ours and need no quotes. */
export function onTask(words: readonly string[]): readonly string[] {
  return ['sh', '-c', `exec ${words.join(' ')} < "$HOME/${TASK_FILE}"`];
}
