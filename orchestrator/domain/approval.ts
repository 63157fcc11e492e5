/** One person's decision on one gate for one change, bound to digests. */
import { z } from 'zod';
import { Digest, Person, Sha } from './ids.ts';

/** What the person agreed to. An approval counts only while every one of these still holds. */
export const Binding = z.object({
  base: Sha,
  tree: Sha,
  entries: Digest,
  gate: z.string(),
  scope: Digest,
  definition: Digest,
  policy: Digest,
  evidence: Digest,
});
export type Binding = z.infer<typeof Binding>;

export const Approval = z.object({
  by: Person,
  /** How we know who it was. `session`: the operating system's word on this machine. */
  assurance: z.enum(['session', 'forge', 'signed']),
  binding: Binding,
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type Approval = z.infer<typeof Approval>;
