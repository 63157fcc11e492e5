/**
 * What an agent is told. A following attempt gets the task, what was found and where it starts from;
 * never the talk of the attempt before it.
 */
import type { Change } from '../domain/change.ts';
import type { Finding } from '../domain/check.ts';
import type { Task } from '../domain/task.ts';

export type PromptInput = {
  readonly task: Pick<Task, 'title' | 'text'>;
  readonly attempt: number;
  readonly findings: readonly Finding[];
  readonly previous: Change | null;
};

export function promptText({ task, attempt, findings, previous }: PromptInput): string {
  return [
    'You work alone in /workspace, a checkout of a git repository. There is no network.',
    'Make the change that the task asks for, and nothing else. Add or mend tests where that shows it works.',
    'Leave your work as files in /workspace; do not commit. It is judged by its files only.',
    '',
    '# Task',
    '',
    task.text.trim(),
    ...(attempt === 1 ? [] : again(attempt, findings, previous)),
    '',
  ].join('\n');
}

function again(attempt: number, findings: readonly Finding[], previous: Change | null): string[] {
  const start =
    previous === null
      ? 'The attempt before this one left nothing that could be kept; you start from the base.'
      : `The attempt before this one is in your workspace: ${previous.files} files differ from the base. Mend it.`;
  return [
    '',
    `# Attempt ${attempt}`,
    '',
    start,
    'What was found in it:',
    '',
    ...findings.map(
      ({ validator, message }) => `- ${validator}: ${message.replaceAll('\n', '\n  ')}`,
    ),
  ];
}
