/**
 * The run's own records of the audit log: each as it was written, each with a signed word that the log
 * has it, and nothing that the bundle tells missing among them. Pure.
 */
import {
  type AuditRecord,
  CHECKPOINT_TYPE,
  Checkpoint,
  hashOf,
  recordOf,
} from '../../../orchestrator/domain/audit.ts';
import { verifyJson } from '../../../orchestrator/domain/dsse.ts';
import type { Claims } from './claims.ts';
import { jsonIn } from './found.ts';
import { type Given, linesIn } from './given.ts';
import * as at from './paths.ts';
import { whyUnsigned } from './signed.ts';
import { type Step, stepOf } from './steps.ts';

export function auditStep(given: Given, claims: Claims): Step {
  const read = linesIn(given.kept, at.AUDIT).map((line) => recordOf(line));
  const problems = read.flatMap((record, index) =>
    recordProblems(record, read[index - 1] ?? null, { index, run: claims.task.id }),
  );
  const records = read.filter((record) => record !== null);
  const last = records.at(-1);
  const note = `${records.length} records, to ${last === undefined ? 'none' : `${last.seq}:${last.hash}`}`;
  return stepOf(
    'audit',
    [
      ...problems,
      ...checkpointProblems(given, records, claims.decision.at),
      ...untold(records, claims),
    ],
    note,
  );
}

function recordProblems(
  record: AuditRecord | null,
  before: AuditRecord | null,
  { index, run }: { index: number; run: string },
): string[] {
  const where = `${at.AUDIT}, line ${index + 1}`;
  if (record === null) return [`${where} is not a record as the log writes it`];
  const follows = before === null || record.seq > before.seq;
  const isNext = before !== null && record.seq === before.seq + 1;
  return [
    ...(hashOf(record) === record.hash
      ? []
      : [`${where} was changed: its hash is not that of its contents`]),
    ...(record.task === run ? [] : [`${where} is of another run`]),
    ...(follows ? [] : [`${where} stands in another order than the log has it`]),
    ...(isNext && record.prev !== before.hash
      ? [`${where} follows another past than the record before it`]
      : []),
  ];
}

/** One for each record, in their order, all of one log. */
function checkpointProblems(
  { kept, trusted }: Given,
  records: readonly AuditRecord[],
  when: string,
): string[] {
  const lines = linesIn(kept, at.CHECKPOINTS);
  const logs = new Set<string>();
  const wrong = lines.flatMap((line, index) => {
    const where = `${at.CHECKPOINTS}, line ${index + 1}`;
    const envelope = jsonIn(Buffer.from(line));
    const verified = verifyJson(Checkpoint, envelope, trusted, CHECKPOINT_TYPE, when);
    if (!('value' in verified)) {
      const why = whyUnsigned(envelope, trusted, CHECKPOINT_TYPE, when);
      return [`${where} ${why ?? 'is no checkpoint'}`];
    }
    logs.add(verified.value.log);
    const record = records[index];
    const isOurs = record?.seq === verified.value.seq && record.hash === verified.value.hash;
    return isOurs ? [] : [`${where} vouches for another record than the one that is there`];
  });
  const lacking =
    lines.length < records.length
      ? [`${at.CHECKPOINTS} vouches for ${lines.length} of ${records.length} records`]
      : [];
  return [...wrong, ...lacking, ...(logs.size > 1 ? [`${at.CHECKPOINTS} is of several logs`] : [])];
}

/** What the bundle says and the log does not. */
function untold(records: readonly AuditRecord[], claims: Claims): string[] {
  const { change } = claims.facts;
  const of = (type: AuditRecord['type']): readonly AuditRecord['data'][] =>
    records.filter((record) => record.type === type).map(({ data }) => data);
  const captured = of('change.captured').some(
    (data) => data['tree'] === change.tree && data['entries'] === change.entries,
  );
  const results = new Set(
    of('validator.result')
      .filter((data) => data['evidence'] === claims.decision.evidence)
      .map((data) => `${data['validator']} ${data['definition']} ${data['verdict']}`),
  );
  const decided = [...of('approval.granted'), ...of('approval.rejected')];
  return [
    ...(of('task.queued').length === 1
      ? []
      : ['the audit log does not say once that this was asked for']),
    ...(captured ? [] : [`the audit log does not know of tree ${change.tree}`]),
    ...claims.checks
      .filter(
        ({ validator, definition, verdict }) =>
          !results.has(`${validator} ${definition} ${verdict}`),
      )
      .map(({ validator }) => `the audit log does not know of this result of ${validator}`),
    ...claims.records.approvals
      .filter(({ record }) => !decided.some((data) => data['approval'] === record.id))
      .map(({ record }) => `the audit log does not know of the decision ${record.id}`),
  ];
}
