/** What the controller itself asks of a model: small things, whose answer decides nothing alone. */
import type { RunId } from '../domain/ids.ts';
import type { Budget } from './ledger.ts';

export type OwnQuestion = {
  readonly run: RunId;
  readonly attempt: number;
  readonly role: 'extract' | 'title' | 'review';
  readonly instructions: string;
  /** What somebody else wrote, redacted and bounded by whoever asks. */
  readonly text: string;
  /** JSON Schema that the answer must fit; null for plain text. */
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly outputTokens: number;
  /** How long one model may think. Left out, 30 seconds. */
  readonly thinkMs?: number;
  /** Names of the models that may answer, first to last. */
  readonly models: readonly string[];
  readonly free: readonly string[];
  readonly budget: Budget;
};

/** Of a question with a schema, `text` is JSON that fits it. `by` is the name that a policy has for the model. */
export type OwnAnswer =
  | { readonly text: string; readonly by: string }
  | { readonly problem: string };

/**
 * A model that fails, is late, or may not be paid is an answer with a problem, and told in the run's
 * trace. Throws when it is stopped, or when ledger or trace cannot be written.
 */
export type AskModel = (question: OwnQuestion, signal: AbortSignal) => Promise<OwnAnswer>;
