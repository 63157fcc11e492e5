/**
 * The two files a repository starts with, explained line by line. Pure.
 *
 * They hold what was found and what no repository should be without, and nothing else. Where we do
 * not know how to test the repository, the policy says so and lets nothing through until someone does.
 */
import type { Person } from '../domain/ids.ts';
import { policyFile } from './starter-policy.ts';
import { workspaceFile } from './starter-workspace.ts';
import type { Survey } from './survey.ts';

export type StarterFiles = {
  readonly '.proofhouse/policy.yaml': string;
  readonly '.proofhouse/workspace.yaml': string;
};

/** `person` is the first member of every group. */
export function starterFiles(survey: Survey, person: Person): StarterFiles {
  return {
    '.proofhouse/policy.yaml': policyFile(survey, person),
    '.proofhouse/workspace.yaml': workspaceFile(survey),
  };
}
