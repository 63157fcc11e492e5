/** A policy in order, and what the linter says of it once something is changed. */
import { lint } from '../../../policies/lint.ts';
import type { Problem } from '../../../policies/problems.ts';
import { FULL, load, NOW } from '../sample.ts';

/** Nobody in it is the last one who could open a gate. */
export const SOUND = FULL.replace('[local:pia]', '[local:pia, local:ben]');

export const KNOWN = ['src/auth/a.ts', 'src/auth/docs/a.md', 'web/a.ts', '.proofhouse/policy.yaml'];

type Around = { readonly known?: readonly string[]; readonly requester?: string; now?: string };

/** The policies of all layers, the uppermost first. */
export function problems(sources: string | readonly string[], around: Around = {}): Problem[] {
  const all = typeof sources === 'string' ? [sources] : sources;
  const layers = all.map((source, index) =>
    load(source, index === all.length - 1 ? 'policy.yaml' : `above-${index}.yaml`),
  );
  return lint(layers, {
    known: around.known ?? KNOWN,
    now: around.now ?? NOW,
    requester: around.requester ?? null,
  });
}

export function found(sources: string | readonly string[], around: Around = {}): string[] {
  return problems(sources, around).map(
    ({ code, severity, file, line, column, message }) =>
      `${code} ${severity} ${file}:${line}:${column} ${message}`,
  );
}

export function codes(sources: string | readonly string[], around: Around = {}): string[] {
  return problems(sources, around).map(({ code, severity }) => `${code} ${severity}`);
}

/** The sound policy with one part of its text replaced by another. */
export function edited(from: string, to: string): string {
  if (!SOUND.includes(from)) throw new Error(`the sample holds no ${from}`);
  return SOUND.replace(from, () => to);
}

/** The sound policy with more sections behind it. */
export function withMore(sections: string): string {
  return `${SOUND}${sections}\n`;
}
