/** Validators that run nothing of a change, and how much all of its sandboxes may hold together. */
import { totalmem } from 'node:os';
import { hostRegistry } from '../gateway/registry/host.ts';
import { publishedBy } from '../gateway/registry/published.ts';
import { dependenciesValidator } from '../validators/dependencies.ts';
import type { InspectionTools } from '../validators/inspected.ts';
import { secretsValidator } from '../validators/secrets.ts';
import { sizeValidator } from '../validators/size.ts';
import { testsWeakenedValidator } from '../validators/tests-weakened.ts';
import type { StageTools } from './stages/tools.ts';

/** Several runs are checked at once, and agents work beside them. */
const SHARE = 1 / 4;

export function inspectorsOf(
  tools: InspectionTools,
  clock: () => Date,
): Pick<StageTools, 'inspectors' | 'checksMemoryBytes'> {
  const publishedAt = publishedBy(hostRegistry());
  return {
    inspectors: {
      secrets: secretsValidator(tools),
      testsWeakened: testsWeakenedValidator(tools),
      dependencies: dependenciesValidator({ ...tools, publishedAt, clock }),
      size: sizeValidator(tools),
    },
    checksMemoryBytes: totalmem() * SHARE,
  };
}
