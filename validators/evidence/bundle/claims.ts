/**
 * What a bundle says: everything that a decision was made from, and what people and checks said of it.
 *
 * The maker has these from the journal and the stores, who checks a bundle reads them from its files.
 * Whatever else a bundle holds follows from them by the same pure functions on both sides.
 */
import { z } from 'zod';
import type { Facts } from '../../../orchestrator/domain/change.ts';
import type { Check, TestNames } from '../../../orchestrator/domain/check.ts';
import { Digest, Person, RunId, Sha } from '../../../orchestrator/domain/ids.ts';
import { Judgement } from '../../../orchestrator/domain/judgement.ts';
import type { Records } from '../../../orchestrator/domain/records.ts';
import { Ending } from '../../../orchestrator/domain/run-state.ts';

/** `inputs/task.json`. Its text is in the pull request; here is what it hashes to. */
export const TaskInput = z.strictObject({
  id: RunId,
  repository: z.string(),
  base: z.string(),
  requester: Person,
  operator: Person.nullable(),
  source: z.string(),
  text: Digest,
  queuedAt: z.iso.datetime(),
});
export type TaskInput = z.infer<typeof TaskInput>;

const Used = z.strictObject({
  role: z.string(),
  model: z.string(),
  vendor: z.string(),
  calls: z.int().min(0),
  failed: z.int().min(0),
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  /** Null when one of the calls has no price. */
  microUsd: z.int().nullable(),
});

/** `run/agent.json`: what ran, from what, and what it used. */
export const AgentInput = z.strictObject({
  attempt: z.int().min(1),
  agent: z.string(),
  image: z.string(),
  model: z.string(),
  rules: Digest.nullable(),
  machine: Digest.nullable(),
  startedAt: z.iso.datetime(),
  sealedAt: z.iso.datetime(),
  /** How the last agent ended; its words are left out. Null when another base was merged in since. */
  ending: Ending.omit({ said: true }).strict().nullable(),
  models: z.array(Used),
  /** What it ran with, as the gateway saw it; each is a file of `run/harness/`. */
  harnesses: z.array(Digest),
});
export type AgentInput = z.infer<typeof AgentInput>;

/** `inputs/policy/effective.json`: the layers in the order in which they were joined. */
export const EffectiveInput = z.strictObject({
  policy: Digest,
  layers: z
    .array(
      z.strictObject({
        /** Where its bytes are in the bundle. */
        path: z.string(),
        /** What the file was called; places in the judgement name it so. */
        file: z.string(),
        name: z.string(),
        digest: Digest,
        packs: z.array(z.strictObject({ name: z.string(), digest: Digest })),
      }),
    )
    .min(1),
});
export type EffectiveInput = z.infer<typeof EffectiveInput>;

/** `inputs/decision.json`. */
export const DecisionInput = z.strictObject({
  /** When it was decided that the change may be published. */
  at: z.iso.datetime(),
  judgement: Judgement,
  /** Digest of what the checks came to, which approvals are bound to. */
  evidence: Digest,
  /** Texts that are left out of the facts, because something in them looks like a secret. */
  withheld: z.array(Sha),
});
export type DecisionInput = z.infer<typeof DecisionInput>;

export type Claims = {
  readonly task: TaskInput;
  readonly agent: AgentInput;
  readonly effective: EffectiveInput;
  readonly layers: ReadonlyMap<string, Uint8Array>;
  readonly decision: DecisionInput;
  /** Without the texts that are withheld. */
  readonly facts: Facts;
  /** By the names of their validators. */
  readonly checks: readonly Check[];
  /** Names of the tests of a check, under its id. */
  readonly names: ReadonlyMap<string, TestNames>;
  readonly records: Records;
};
