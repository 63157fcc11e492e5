/**
 * A check that was made before is not made again: the same tree, base, definition, images, policy,
 * dependencies and services come to the same. Only what passed plainly is kept; a failure, what nobody
 * could find out, and a test that passed the second time only are looked at anew.
 */
import type { RunningRule } from '../../policies/schema.ts';
import { digestOf } from '../domain/canonical.ts';
import type { Check } from '../domain/check.ts';
import type { Digest } from '../domain/ids.ts';
import type { CheckRequest, EvidenceStore } from '../ports.ts';
import type { StageTools } from './tools.ts';

/** Grows when validators judge the same in another way. */
const FORM = 'proofhouse.check.v1';

export type Known = CheckRequest<RunningRule> & { readonly policy: Digest };

export async function checkKey(
  { image }: Pick<StageTools, 'image'>,
  { place, tree, plan, services, definition, policy }: Known,
): Promise<Digest> {
  const names = definition.kind === 'command' ? [definition.image] : ['base', 'browser'];
  const all = [...names, ...services.map((service) => service.image)];
  const what = {
    ...{ form: FORM, repository: place.repository, base: place.base, tree, policy },
    ...{ definition, services, dependencies: plan?.key ?? null },
    images: await Promise.all(all.map(image)),
  };
  return digestOf('check', JSON.parse(JSON.stringify(what)));
}

type Remembering = Pick<StageTools, 'store' | 'evidence' | 'image'>;

/** Makes the check, or finds it made. */
export async function knownOr(
  tools: Remembering,
  known: Known,
  make: () => Promise<Check>,
): Promise<Check> {
  const key = await checkKey(tools, known);
  const kept = await tools.store.keptCheck(key);
  if (kept !== null && isPlain(kept.check) && (await isThere(tools.evidence, kept.check))) {
    const cachedFrom = { run: kept.run, attempt: kept.attempt };
    return { ...kept.check, validator: known.id, cachedFrom };
  }
  const check = await make();
  const { run, attempt } = known.place;
  if (isPlain(check)) await tools.store.keepCheck({ key, run, attempt, check });
  return check;
}

function isPlain({ verdict, tests, tries }: Check): boolean {
  return verdict === 'passed' && tries === 1 && (tests?.flaky ?? 0) === 0;
}

/** A verdict whose evidence is gone or was changed proves nothing any more. */
async function isThere(evidence: EvidenceStore, { evidence: files }: Check): Promise<boolean> {
  for (const { digest } of files) if ((await evidence.get(digest)) === null) return false;
  return true;
}
