/**
 * A policy that a change brings along. The base's policy judges it, and so does the proposed one:
 * nobody merges a policy that is broken, or that would not have let its own change in.
 */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Denial } from '../orchestrator/domain/judgement.ts';
import { type LoadedPolicy, parsePolicy } from './parse.ts';

const POLICY_FILE = '.proofhouse/policy.yaml';
const POLICY_FOLDER = '.proofhouse';
const ABSENT = '000000';
const REGULAR = ['100644', '100755'];

export function proposedPolicy(
  facts: Facts,
): { policy: LoadedPolicy } | { denials: Denial[] } | Record<never, never> {
  if (facts.entries.some(({ path, newMode }) => path === POLICY_FOLDER && newMode !== ABSENT)) {
    return denied('The change puts something else where the folder of the policy is.');
  }
  const entry = facts.entries.find(({ path }) => path === POLICY_FILE);
  if (entry === undefined) return {};
  if (entry.newMode === ABSENT) return denied('The change deletes the policy.');
  if (!REGULAR.includes(entry.newMode)) return denied('The change makes the policy no plain file.');
  const text = Object.hasOwn(facts.texts, entry.newOid) ? facts.texts[entry.newOid] : undefined;
  if (text === undefined) return denied('The change brings a policy that nobody could read.');
  const parsed = parsePolicy(text, `${POLICY_FILE} (proposed)`);
  if ('policy' in parsed) return { policy: { ...parsed.policy, name: 'proposed' } };
  const [first] = parsed.problems;
  const at = first
    ? `, first at ${first.file}:${first.line}:${first.column}: ${first.message}`
    : '';
  return denied(
    `The change brings a policy that cannot be read (${counted(parsed.problems.length)}${at}).`,
  );
}

function counted(problems: number): string {
  return problems === 1 ? '1 problem' : `${problems} problems`;
}

function denied(message: string): { denials: Denial[] } {
  return { denials: [{ code: 'policy_proposed', message, paths: [POLICY_FILE], where: '' }] };
}
