/** What someone asked for. */
import { z } from 'zod';
import { AgentName } from './agent-lock.ts';
import { Person, RunId } from './ids.ts';

export const Task = z.object({
  /** A task has one run; they share an id. */
  id: RunId,
  /** First line of the text, at most 120 characters. */
  title: z.string().min(1).max(120),
  /** The whole text, at most 64 KiB. Untrusted: it may come from an issue. */
  text: z.string().min(1).max(65_536),
  /** Where the text came from: `cli`, or a file or issue address. */
  source: z.string(),
  /** Absolute path of the repository that was named. */
  repository: z.string(),
  /** The branch the change is meant for, without `refs/heads/`. */
  base: z.string().min(1),
  requester: Person,
  /** Who steered the run: they who queued it, in whoever's name. Null when nobody knows. */
  operator: Person.nullable().default(null),
  /** The agent that is to work on it. Left out, the repository's choice. */
  agent: AgentName.optional(),
  queuedAt: z.iso.datetime(),
});
export type Task = z.infer<typeof Task>;
