/** A row of the table of faults. */

/** 1 the task failed, 2 usage or policy, 3 waits for a person, 4 the machinery broke. */
type Exit = 1 | 2 | 3 | 4;
type Actor = 'member' | 'reviewer' | 'platform engineer' | 'operator';
export type FaultEntry = {
  readonly exit: Exit;
  readonly acts: Actor;
  readonly meaning: string;
  readonly todo: string;
};
