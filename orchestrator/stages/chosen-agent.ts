/** Who works on an attempt: whom the task names, else whom a route of the repository names, else its agent. */
import { RiskClass } from '../domain/judgement.ts';
import type { Task } from '../domain/task.ts';
import type { WorkspaceFile } from '../intake/workspace-file.ts';
import type { JournalEntry } from '../ports.ts';

export type ChosenAgent = WorkspaceFile['agent'];

export type Stand = {
  readonly attempt: number;
  /** The highest that an attempt's change of this run was judged to be; null while none was. */
  readonly riskClass: RiskClass | null;
};

/** The same however often an attempt begins: what it is itself judged to be comes after it. */
export function standOf(journal: readonly JournalEntry[], attempt: number): Stand {
  const classes = journal.flatMap(({ event }) =>
    event.type === 'judged' ? [event.judgement.riskClass] : [],
  );
  const riskClass = RiskClass.options.findLast((one) => classes.includes(one)) ?? null;
  return { attempt, riskClass };
}

export function chosenAgent(
  file: Pick<WorkspaceFile, 'agent' | 'routes'>,
  task: Pick<Task, 'agent'>,
  { attempt, riskClass }: Stand,
): ChosenAgent {
  if (task.agent !== undefined) return { kind: task.agent };
  const route = file.routes.findLast(
    ({ from_attempt = 1, class: classes }) =>
      from_attempt <= attempt &&
      (classes === undefined || (riskClass !== null && classes.includes(riskClass))),
  );
  return route?.agent ?? file.agent;
}
