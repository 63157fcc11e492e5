/**
 * Makes a bundle. Pure: the same run gives the same bytes, whenever and however often it is made, so a
 * controller that was killed in the middle makes the very bundle that its predecessor named.
 */
import type { AuditRecord } from '../../../orchestrator/domain/audit.ts';
import { CHECKPOINT_TYPE, lineOf } from '../../../orchestrator/domain/audit.ts';
import { canonical, type Json } from '../../../orchestrator/domain/canonical.ts';
import { type SigningKey, signJson } from '../../../orchestrator/domain/dsse.ts';
import type { Digest } from '../../../orchestrator/domain/ids.ts';
import type { Records } from '../../../orchestrator/domain/records.ts';
import { bundleReport } from '../../../orchestrator/text/bundle-report.ts';
import type { Tally } from '../../../policies/tally.ts';
import type { Claims } from './claims.ts';
import { outcomeOf } from './counted.ts';
import { listed, type Made, type Manifest, type Stored, signedManifest } from './manifest.ts';
import * as at from './paths.ts';
import { signedLine, statementsOf, summaryOf } from './statements.ts';

/** What is shown and kept, and nothing is decided by. */
export type Views = {
  /** As git wrote the entries of the change. */
  readonly raw: Uint8Array;
  readonly patch: string;
  readonly egress: readonly Json[];
  readonly tools: readonly Json[];
  /** Each harness as it was kept, under its digest. */
  readonly harnesses: ReadonlyMap<Digest, Uint8Array>;
  readonly audit: { readonly log: string; readonly records: readonly AuditRecord[] };
};

export type BundleKeys = { readonly evidence: SigningKey; readonly audit: SigningKey };

export type Bundle = {
  readonly files: readonly (Made | Stored)[];
  readonly manifest: Buffer;
  readonly envelope: Buffer;
};

export function bundleOf(claims: Claims, views: Views, counted: Tally, keys: BundleKeys): Bundle {
  const files = [
    ...inputFiles(claims, views),
    ...runFiles(claims, views),
    ...checkFiles(claims),
    ...recordFiles(claims.records),
    made(at.ATTESTATIONS, 'attestation', lines(attestations(claims, counted, keys.evidence))),
    ...auditFiles(views.audit, keys.audit),
    made(at.REPORT, 'view', bundleReport(claims, counted)),
  ];
  const { task, agent, facts, decision } = claims;
  const { base, tree, entries } = facts.change;
  const manifest: Manifest = {
    v: 1,
    run: task.id,
    attempt: agent.attempt,
    repository: task.repository,
    targetRef: `refs/heads/${task.base}`,
    ...{ base, tree, change: entries, at: decision.at, files: listed(files) },
  };
  return { files, ...signedManifest(manifest, keys.evidence) };
}

function attestations(claims: Claims, counted: Tally, key: SigningKey): string[] {
  const signed = statementsOf(claims).map((one) => signedLine(one, key));
  return [...signed, signedLine(summaryOf(claims, outcomeOf(counted), signed), key)];
}

function inputFiles(claims: Claims, { raw, patch }: Views): Made[] {
  return [
    json(at.TASK, 'input', claims.task),
    json(at.FACTS, 'input', claims.facts),
    json(at.DECISION, 'input', claims.decision),
    json(at.EFFECTIVE, 'policy', claims.effective),
    ...[...claims.layers].map(([path, bytes]) => ({ path, role: 'policy' as const, bytes })),
    { path: at.RAW, role: 'input', bytes: raw },
    made(at.PATCH, 'view', patch),
  ];
}

function runFiles({ agent }: Claims, { egress, tools, harnesses }: Views): Made[] {
  return [
    json(at.AGENT, 'run', agent),
    made('run/egress.jsonl', 'run', lines(egress.map(canonical))),
    made('run/tools.jsonl', 'run', lines(tools.map(canonical))),
    ...[...harnesses].map(([digest, bytes]) => ({
      ...{
        path: `run/harness/${digest.slice('sha256:'.length)}.json`,
        role: 'run' as const,
        bytes,
      },
    })),
  ];
}

function checkFiles({ checks }: Claims): (Made | Stored)[] {
  return checks.flatMap((check) => [
    json(at.resultPath(check.validator), 'check', check),
    ...at
      .evidencePaths(check)
      .map(([path, { digest, bytes: size }]): Stored => ({ path, role: 'evidence', digest, size })),
  ]);
}

/** Folders of records that are no approvals, by the list that they are of. */
export const RECORD_FOLDERS = {
  revocations: 'records/revocation',
  lifts: 'records/veto-lift',
  delegations: 'records/delegation',
  glass: 'records/break-glass',
} as const satisfies Record<Exclude<keyof Records, 'approvals'>, string>;

function recordFiles({ approvals, ...others }: Records): Made[] {
  const kinds = Object.entries(RECORD_FOLDERS) as [keyof typeof RECORD_FOLDERS, string][];
  return [
    ...approvals.map((signed, index) =>
      json(at.recordPath('approvals', index, signed.record.id), 'approval', signed),
    ),
    ...kinds.flatMap(([kind, folder]) =>
      others[kind].map((signed, index) =>
        json(at.recordPath(folder, index, signed.record.id), 'record', signed),
      ),
    ),
  ];
}

/**
 * A run's own records, and of each of them a signed word that the log has it: records of other runs lie
 * between them and are nobody's business here, so the chain alone could not be followed.
 */
function auditFiles({ log, records }: Views['audit'], key: SigningKey): Made[] {
  const signed = records.map(({ seq, hash }) =>
    canonical(signJson(CHECKPOINT_TYPE, { log, seq, hash }, key)),
  );
  return [
    made(at.AUDIT, 'audit', lines(records.map(lineOf))),
    made(at.CHECKPOINTS, 'audit', lines(signed)),
  ];
}

function made(path: string, role: Made['role'], text: string): Made {
  return { path, role, bytes: Buffer.from(text) };
}

function json(path: string, role: Made['role'], value: object): Made {
  return made(path, role, canonical(value as Json));
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
