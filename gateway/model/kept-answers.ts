/**
 * Answers to the controller's own questions, by model and by all that it was asked, so that the same
 * question is not paid for twice. Bounded, and gone with the process. What an agent asks is never kept:
 * the same words mean something else once a tool has run.
 */
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import type { ModelUpstream } from './upstream.ts';

type Model = Pick<ModelUpstream, 'id' | 'name' | 'model'>;

export type KeptAnswers = {
  find(model: Model, asked: string): string | null;
  keep(model: Model, asked: string, text: string): void;
};

const ANSWERS_MAX = 256;
const CHARACTERS_MAX = 16 * 1024;

export function keptAnswers(max = ANSWERS_MAX): KeptAnswers {
  const kept = new Map<string, string>();
  return {
    find: (model, asked) => kept.get(keyOf(model, asked)) ?? null,
    keep: (model, asked, text) => {
      if (text.length > CHARACTERS_MAX) return;
      kept.set(keyOf(model, asked), text);
      for (const oldest of kept.keys()) if (kept.size > max) kept.delete(oldest);
    },
  };
}

function keyOf({ id, name, model }: Model, asked: string): string {
  return sha256(JSON.stringify([id, name, model, asked]));
}
