/** Every detector by its id, and what is wrong with a rule that names one. */
import { nearest } from '../nearest.ts';
import type { Detector } from './detector.ts';

const ALL: readonly (readonly [id: string, detector: Detector])[] = [];

export const DETECTORS: ReadonlyMap<string, Detector> = new Map(ALL);

/** Detectors that also read what commits in between brought and took back. */
export const HISTORY_READERS: ReadonlySet<string> = new Set(['secret.added']);

export type RuleProblem = {
  readonly path: (string | number)[];
  readonly message: string;
  readonly code: string;
};

export function detectorProblems(id: string, options: unknown): RuleProblem[] {
  const detector = DETECTORS.get(id);
  if (detector === undefined) {
    const known = [...DETECTORS.keys()];
    const guess = nearest(id, known);
    const hint = guess === null ? `known: ${known.join(', ')}` : `did you mean \`${guess}\`?`;
    return [{ path: ['detect'], message: `unknown detector \`${id}\`; ${hint}`, code: 'P0103' }];
  }
  const read = detector.options.safeParse(options ?? {});
  return (read.error?.issues ?? []).map(({ path, message }) => ({
    path: ['with', ...path.map((step) => (typeof step === 'symbol' ? String(step) : step))],
    message,
    code: 'P0104',
  }));
}
