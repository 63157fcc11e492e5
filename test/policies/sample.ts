/** The policies, facts and people that tests of this room share. `schema/every.ts` has one with every key. */
import { type Change, Entry, Facts, type Operation } from '../../orchestrator/domain/change.ts';
import { Digest, Person, Sha } from '../../orchestrator/domain/ids.ts';
import type { Judgement } from '../../orchestrator/domain/judgement.ts';
import { decide as decideAt } from '../../policies/decide.ts';
import { entriesDigest } from '../../policies/facts.ts';
import { type LoadedPolicy, parsePolicy } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';

export const FULL = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: shop, layer: standalone, owner: platform, why: Guardrails. }
groups:
  platform: { members: [local:pia] }
  security: { members: [local:rita, local:sam] }
classes:
  low: { approvals: [], distinct: false, surface: ready-pr, expires: 30d }
  medium: { surface: draft-pr }
  high: { approvals: [{ group: platform, count: 1 }] }
  critical: { approvals: [{ group: security, count: 1 }], distinct: true }
unmatched: { class: low }
gates:
  - id: auth
    why: One bug is everyone's account.
    class: critical
    paths: ["src/auth/"]
    except: ["src/auth/docs/"]
    operations: [add, modify, delete, mode, type]
    approvals: [{ group: platform, count: 1 }]
    validators: [e2e]
  - id: policy
    why: An agent never edits the rules it is judged by.
    class: critical
    surface: forbid
    paths: [".proofhouse/"]
limits:
  max_files: 60
  max_changed_lines: 1500
  max_file_bytes: 1MiB
  max_binary_bytes: 256KiB
  over: { class: high }
  absolute: { max_files: 500, max_changed_lines: 20k }
validators:
  unit:
    kind: command
    run: [npx, vitest]
    image: base
    timeout: 5m
    memory: 1GiB
    reports: { junit: "junit.xml" }
    min_tests: 1
    required_for: ["**"]
  e2e:
    kind: playwright
    app: { run: [node, src/server.ts], port: 3000 }
    tests: e2e/
    required_for: ["web/"]
network:
  default: deny
  phases:
    setup: { allow: [{ via: package-registry }] }
    agent: { allow: [{ via: model-gateway }] }
    validate: { allow: [] }
budgets:
  per_task: { usd: 2, tokens: 2M, wall: 20m, turns: 60, retries: 2 }
`;

export const NOW = '2026-03-01T10:00:00Z';

/** At a time that matters to exemptions only. */
export function decide(layers: readonly LoadedPolicy[], facts: Facts, now = NOW): Judgement {
  return decideAt(layers, facts, now);
}

export const NAME = '.proofhouse/policy.yaml';

/** The smallest policy there is, with more sections behind it. */
export function minimal(sections = '', layer = 'standalone'): string {
  return `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: small, layer: ${layer}, owner: platform }
${sections}`;
}

export function load(source: string, name = NAME): LoadedPolicy {
  const parsed = parsePolicy(source, name);
  if ('problems' in parsed) throw new Error(parsed.problems.map(renderProblem).join('\n'));
  return parsed.policy;
}

export const person = (name: string): Person => Person.parse(`local:${name}`);
export const sha = (digit: string): Sha => Sha.parse(digit.repeat(40));
export const digest = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`);

export function entry(path: string, operation: Operation = 'modify'): Entry {
  const isType = operation === 'type';
  return Entry.parse({
    path,
    operation,
    oldMode: operation === 'add' ? '000000' : '100644',
    newMode: operation === 'delete' ? '000000' : isType ? '120000' : '100644',
    oldOid: sha(operation === 'add' ? '0' : '1'),
    newOid: sha(operation === 'delete' ? '0' : '2'),
  });
}

export function factsOf(entries: readonly (string | Entry)[], over: Partial<Facts> = {}): Facts {
  const all = entries.map((item) => (typeof item === 'string' ? entry(item) : item));
  const change: Change = {
    base: sha('a'),
    tree: sha('b'),
    entries: entriesDigest(all),
    files: all.length,
    addedLines: 1,
    removedLines: 1,
  };
  return Facts.parse({
    change,
    entries: all,
    blobBytes: { [sha('2')]: 10 },
    binary: [],
    target: 'refs/heads/main',
    // Where a symlink of these tests leads: to a harmless place.
    texts: { [sha('2')]: 'elsewhere' },
    roots: [],
    history: [],
    groups: {},
    madeBy: null,
    ...over,
  });
}
