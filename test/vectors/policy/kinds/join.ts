/** What several policies say of one change together. */
import { z } from 'zod';
import { decide } from '../../../../policies/decide.ts';
import { readFacts } from '../../../../policies/facts-file.ts';
import { type LoadedPolicy, parsePolicy } from '../../../../policies/parse.ts';

const Input = z.strictObject({
  policies: z.array(z.union([z.string(), z.record(z.string(), z.json())])),
  facts: z.json(),
  now: z.iso.datetime().default('2026-03-01T10:00:00Z'),
});

export function answer(input: unknown): unknown {
  const { policies, facts, now } = Input.parse(input);
  const layers = policies.map((policy, at) => layerOf(policy, at));
  if (layers.includes(null)) return { refused: 'policy' };
  const read = readFacts(facts);
  if ('problems' in read) return { refused: 'facts' };
  const judgement = decide(
    layers.flatMap((layer) => layer ?? []),
    read.facts,
    now,
  );
  const { verdict, riskClass, gates, needs, validators, denials, surface, distinct } = judgement;
  return {
    ...{ verdict, riskClass, surface, distinct, validators },
    gates: gates.map(({ id }) => id),
    needs: Object.fromEntries(needs.map(({ group, count }) => [group, count])),
    denials: [...new Set(denials.map(({ code }) => code))].sort(),
  };
}

/** A policy may be given as text or as the value of its text; of the two the text is what is read. */
function layerOf(policy: string | Record<string, unknown>, at: number): LoadedPolicy | null {
  const text = typeof policy === 'string' ? policy : JSON.stringify(policy, null, 1);
  const parsed = parsePolicy(text, `policy-${at + 1}.yaml`);
  return 'policy' in parsed ? parsed.policy : null;
}
