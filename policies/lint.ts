/**
 * What is wrong with a policy that can be read: patterns that cover nothing, people who are not
 * there, and gates that would hold a change for ever or not at all. The parts are in `lint/`.
 */
import { deadlockFindings } from './lint/deadlocks.ts';
import { exemptionFindings } from './lint/exemptions.ts';
import { networkFindings } from './lint/network.ts';
import { patternFindings } from './lint/patterns.ts';
import { peopleFindings } from './lint/people.ts';
import { type Linting, problemOf } from './lint/report.ts';
import { requirementFindings } from './lint/requirements.ts';
import { structureFindings } from './lint/structure.ts';
import type { LoadedPolicy } from './parse.ts';
import { inOrder, type Problem } from './problems.ts';

const PARTS = [
  patternFindings,
  peopleFindings,
  deadlockFindings,
  structureFindings,
  networkFindings,
  requirementFindings,
  exemptionFindings,
];

/** Every layer with those above it, the uppermost first. */
export function lint(
  layers: readonly LoadedPolicy[],
  around: Pick<Linting, 'known' | 'now' | 'requester'>,
): Problem[] {
  return layers.flatMap((loaded, index) => {
    const above = layers.slice(0, index + 1);
    const linting = { loaded, layers: above, isLast: index === layers.length - 1, ...around };
    return inOrder(PARTS.flatMap((part) => part(linting)).map((one) => problemOf(loaded, one)));
  });
}
