/** Who works on an attempt: whom the task names, else whom a route of the repository names, else its agent. */
import type { Task } from '../domain/task.ts';
import type { WorkspaceFile } from '../intake/workspace-file.ts';

export type ChosenAgent = WorkspaceFile['agent'];

export function chosenAgent(
  file: Pick<WorkspaceFile, 'agent' | 'routes'>,
  task: Pick<Task, 'agent'>,
  attempt: number,
): ChosenAgent {
  if (task.agent !== undefined) return { kind: task.agent };
  const route = file.routes.findLast(({ from_attempt }) => from_attempt <= attempt);
  return route?.agent ?? file.agent;
}
