/**
 * What is wrong with a policy that can be read: patterns that cover nothing, people who are not
 * there, and gates that would hold a change for ever or not at all. The parts are in `lint/`.
 */
import { exemptionFindings } from './lint/exemptions.ts';
import { patternFindings } from './lint/patterns.ts';
import { peopleFindings } from './lint/people.ts';
import { type Linting, problemOf } from './lint/report.ts';
import { structureFindings } from './lint/structure.ts';
import type { LoadedPolicy } from './parse.ts';
import { inOrder, type Problem } from './problems.ts';

/** Every layer with those above it, the uppermost first. */
export function lint(
  layers: readonly LoadedPolicy[],
  around: Pick<Linting, 'known' | 'now' | 'requester'>,
): Problem[] {
  return layers.flatMap((loaded, index) => {
    const linting: Linting = { loaded, layers: layers.slice(0, index + 1), ...around };
    const found = [patternFindings, peopleFindings, structureFindings, exemptionFindings];
    return inOrder(found.flatMap((part) => part(linting)).map((one) => problemOf(loaded, one)));
  });
}
