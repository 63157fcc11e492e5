/** What all checks of a tree came to, as an approval is bound to it. Pure. */
import { digestOf } from './canonical.ts';
import type { Check } from './check.ts';
import type { Digest, Sha } from './ids.ts';

/** No times and no logs: a second run that comes to the same has the same digest. */
export function evidenceDigest(checks: readonly Check[], tree: Sha): Digest {
  const said = checks
    .map(({ validator, definition, verdict }) => ({ validator, definition, verdict, tree }))
    .sort((a, b) => (a.validator < b.validator ? -1 : 1));
  return digestOf('evidence', said);
}
