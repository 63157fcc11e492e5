/** Reads what a bundle says. Untrusted input: every file is held to its shape, and told when it has none. Pure. */
import type { z } from 'zod';
import { canonical, type Json } from '../../../orchestrator/domain/canonical.ts';
import { Check, TEST_NAMES_FILE, TestNames } from '../../../orchestrator/domain/check.ts';
import {
  NO_RECORDS,
  type Records,
  SignedApproval,
  SignedDelegation,
  SignedGlassUse,
  SignedRevocation,
  SignedVetoLift,
} from '../../../orchestrator/domain/records.ts';
import { readFacts } from '../../../policies/facts-file.ts';
import { AgentInput, type Claims, DecisionInput, EffectiveInput, TaskInput } from './claims.ts';
import { jsonIn, type Kept } from './found.ts';
import { RECORD_FOLDERS } from './make.ts';
import type { Manifest } from './manifest.ts';
import * as at from './paths.ts';

const SIGNED = {
  revocations: SignedRevocation,
  lifts: SignedVetoLift,
  delegations: SignedDelegation,
  glass: SignedGlassUse,
} as const;

export type ReadClaims = { readonly claims: Claims | null; readonly problems: readonly string[] };

export function readClaims(kept: Kept, manifest: Manifest): ReadClaims {
  const problems: string[] = [];
  const read = <T>(path: string, schema: z.ZodType<T>): T | null => {
    const found = fileAs(kept, path, schema);
    if ('problem' in found) problems.push(`${path} ${found.problem}`);
    return 'value' in found ? found.value : null;
  };
  const facts = factsIn(kept, problems);
  const effective = read(at.EFFECTIVE, EffectiveInput);
  const parts = {
    task: read(at.TASK, TaskInput),
    agent: read(at.AGENT, AgentInput),
    decision: read(at.DECISION, DecisionInput),
  };
  const checks = manifest.files
    .filter(({ role }) => role === 'check')
    .flatMap(({ path }) => {
      const check = read(path, Check);
      const isThere = check === null || at.resultPath(check.validator) === path;
      if (!isThere)
        problems.push(`${path} is the result of ${check.validator}, which lies elsewhere`);
      return check ?? [];
    })
    .sort(byValidator);
  const records = recordsIn(manifest, read);
  const { task, agent, decision } = parts;
  if (!task || !agent || !decision || !effective || facts === null)
    return { claims: null, problems };
  const layers = layersIn(kept, effective, problems);
  const names = namesIn(kept, checks);
  const claims = { task, agent, decision, effective, layers, facts, checks, names, records };
  return { claims, problems: [...problems, ...unlike(claims, manifest)] };
}

const byValidator = (a: Check, b: Check): number => (a.validator < b.validator ? -1 : 1);

function fileAs<T>(
  kept: Kept,
  path: string,
  schema: z.ZodType<T>,
): { value: T } | { problem: string } {
  const bytes = kept.get(path);
  if (bytes === undefined) return { problem: 'is missing or too large to be read' };
  const parsed = schema.safeParse(jsonIn(bytes));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `does not say what it must: ${issue?.path.join('.')}: ${issue?.message}` };
  }
  const isOurs = Buffer.from(canonical(parsed.data as Json)).equals(bytes);
  return isOurs ? { value: parsed.data } : { problem: 'is not written as it is made' };
}

function factsIn(kept: Kept, problems: string[]): Claims['facts'] | null {
  const bytes = kept.get(at.FACTS);
  const read = bytes === undefined ? { problems: [] } : readFacts(jsonIn(bytes));
  if ('facts' in read) {
    if (Buffer.from(canonical(read.facts)).equals(bytes ?? Buffer.alloc(0))) return read.facts;
    problems.push(`${at.FACTS} is not written as it is made`);
    return null;
  }
  const [first] = read.problems;
  const why = first === undefined ? 'is missing or too large' : `${first.path}: ${first.message}`;
  problems.push(`${at.FACTS} holds no facts of a change: ${why}`);
  return null;
}

function recordsIn(
  manifest: Manifest,
  read: <T>(path: string, schema: z.ZodType<T>) => T | null,
): Records {
  const below = (folder: string): string[] =>
    manifest.files.map(({ path }) => path).filter((path) => path.startsWith(`${folder}/`));
  const all = <T>(folder: string, schema: z.ZodType<T>): T[] =>
    below(folder).flatMap((path) => read(path, schema) ?? []);
  return {
    ...NO_RECORDS,
    approvals: all('approvals', SignedApproval),
    revocations: all(RECORD_FOLDERS.revocations, SIGNED.revocations),
    lifts: all(RECORD_FOLDERS.lifts, SIGNED.lifts),
    delegations: all(RECORD_FOLDERS.delegations, SIGNED.delegations),
    glass: all(RECORD_FOLDERS.glass, SIGNED.glass),
  };
}

function layersIn(
  kept: Kept,
  { layers }: EffectiveInput,
  problems: string[],
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const { path } of layers) {
    const bytes = kept.get(path);
    if (bytes === undefined) problems.push(`${path}, a layer of the policy, is missing`);
    else found.set(path, bytes);
  }
  return found;
}

function namesIn(kept: Kept, checks: readonly Check[]): Map<string, TestNames> {
  const all = checks.flatMap((check) => {
    const own = at.evidencePaths(check).find(([, { name }]) => name === TEST_NAMES_FILE);
    const bytes = own === undefined ? undefined : kept.get(own[0]);
    const parsed = TestNames.safeParse(bytes === undefined ? undefined : jsonIn(bytes));
    return parsed.success ? [[check.validator, parsed.data] as const] : [];
  });
  return new Map(all);
}

/** Files of one bundle that are about different things. */
function unlike({ task, agent, facts, decision }: Claims, manifest: Manifest): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    [`${at.TASK}: run`, task.id, manifest.run],
    [`${at.TASK}: repository`, task.repository, manifest.repository],
    [`${at.TASK}: branch`, `refs/heads/${task.base}`, manifest.targetRef],
    [`${at.AGENT}: attempt`, agent.attempt, manifest.attempt],
    [`${at.FACTS}: target`, facts.target, manifest.targetRef],
    [`${at.FACTS}: base`, facts.change.base, manifest.base],
    [`${at.FACTS}: entries`, facts.change.entries, manifest.change],
    [`${at.DECISION}: time`, decision.at, manifest.at],
  ];
  return pairs.flatMap(([what, is, listed]) =>
    is === listed ? [] : [`${what} is ${String(is)}, and the list says ${String(listed)}`],
  );
}
