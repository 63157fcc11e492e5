/**
 * The audit log: one record for everything that somebody may have to answer for, each bound to the
 * one before it. Pure; the store writes it, `audit-verify.ts` checks it.
 *
 *   log.opened ◀─prev─ task.queued ◀─prev─ run.started ◀─prev─ …      hash = sha256(tag ‖ JCS(record
 *        ▲                                      ▲                     without its hash))
 *        └ names the log and its key            └ a signed checkpoint {log, seq, hash} names one
 *
 * Invariant: a record holds ids, numbers and digests. What somebody wrote is in it as a salted digest
 * only: with the salt it proves what was written, and without the salt nobody can guess it back.
 */
import { z } from 'zod';
import { canonical, sha256 } from './canonical.ts';
import { Fault } from './faults.ts';
import { Digest, Person, RunId } from './ids.ts';

export const AuditType = z.enum([
  'log.opened',
  'policy.loaded',
  'task.queued',
  'plan.approved',
  'run.started',
  'run.stopped',
  'egress.denied',
  'tool.denied',
  'change.captured',
  'gate.opened',
  'approval.granted',
  'approval.rejected',
  'approval.revoked',
  'approval.carried',
  'approval.expired',
  'approval.consumed',
  'exemption.used',
  'breakglass.opened',
  'breakglass.closed',
  'validator.result',
  'pr.intended',
  'pr.opened',
  'verdict.issued',
  'group.changed',
  'key.rotated',
]);
export type AuditType = z.infer<typeof AuditType>;

type Scalar = string | number | boolean | null;
/** Flat and of whole numbers, so that every language writes the same bytes. */
export type AuditData = Readonly<
  Record<string, Scalar | readonly Scalar[] | Readonly<Record<string, Scalar>>>
>;
/** By hand, because a schema of unions takes most of the time that a check of a log takes. */
const AuditData = z.custom<AuditData>(
  (data) =>
    isPlain(data) &&
    Object.entries(data).every(([name, value]) => NAME.test(name) && isValue(value)),
);
const NAME = /^[a-z][A-Za-z0-9]{0,39}$/;

function isValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isScalar);
  if (!isPlain(value)) return isScalar(value);
  return Object.entries(value).every(([name, item]) => NAME.test(name) && isScalar(item));
}

function isScalar(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  return Number.isSafeInteger(value);
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Who did it; `controller` when no person did. */
export const Actor = z.union([z.literal('controller'), Person]);
export type Actor = z.infer<typeof Actor>;

const Body = z.strictObject({
  /** From 0, without a gap. */
  seq: z.int().min(0),
  ts: z.iso.datetime({ precision: 3 }),
  type: AuditType,
  actor: Actor,
  task: RunId.nullable(),
  data: AuditData,
  /** Hash of the record before; null in the first. */
  prev: Digest.nullable(),
});
export const AuditRecord = Body.extend({ hash: Digest }).refine(
  ({ seq, type, prev }) =>
    (seq === 0) === (type === 'log.opened') && (seq === 0) === (prev === null),
);
export type AuditRecord = z.infer<typeof AuditRecord>;

/** What a record is made of, before it has its place. */
export type AuditDraft = Pick<AuditRecord, 'type' | 'actor' | 'task' | 'data'> & {
  /** Goes into `data` as a salted digest. */
  readonly sealed?: Readonly<Record<string, string>>;
};

/** Which log, how long, and its last hash: what is signed, and what is anchored elsewhere. */
export const Checkpoint = z.strictObject({
  log: z.uuid(),
  seq: z.int().min(0),
  hash: Digest,
});
export type Checkpoint = z.infer<typeof Checkpoint>;
export const CHECKPOINT_TYPE = 'application/vnd.proofhouse.audit-checkpoint.v1+json';

/** What the first record says of the log: its id, and the key that signs its checkpoints. */
export const Opening = z.object({ log: z.uuid(), key: z.string() });
/** From this record on, `key` signs checkpoints and no other does. */
export const Rotation = z.object({ role: z.string(), key: z.string() });

/** A line is read whole; no record comes near this. */
export const LINE_CHARACTERS_MAX = 65_536;

/** The genesis of a log. */
export function opening(log: string, key: string): AuditDraft {
  return { type: 'log.opened', actor: 'controller', task: null, data: { log, key } };
}

/** The record that follows `previous`; null begins a log. */
export function chain(
  previous: Pick<AuditRecord, 'seq' | 'hash'> | null,
  { type, actor, task, data, sealed = {} }: AuditDraft,
  { ts, salt }: { readonly ts: string; readonly salt: string },
): AuditRecord {
  const digests = Object.entries(sealed).map(([name, text]) => [name, sealOf(salt, name, text)]);
  const body = {
    ...{ seq: previous === null ? 0 : previous.seq + 1, ts, type, actor, task },
    data: { ...data, ...Object.fromEntries(digests) },
    prev: previous?.hash ?? null,
  };
  const record = AuditRecord.parse({ ...body, hash: hashOf(body) });
  const { length } = lineOf(record);
  if (length <= LINE_CHARACTERS_MAX) return record;
  throw new Fault('internal', `the audit record ${type} would be ${length} characters long`);
}

/** A record as its line of the log, without the line break. */
export function lineOf(record: AuditRecord): string {
  return canonical(record);
}

/** The record on a line that is exactly what `lineOf` writes; its hash is not looked at. */
export function recordOf(line: string): AuditRecord | null {
  if (line.length > LINE_CHARACTERS_MAX) return null;
  try {
    const parsed = AuditRecord.safeParse(JSON.parse(line));
    return parsed.success && lineOf(parsed.data) === line ? parsed.data : null;
  } catch {
    return null;
  }
}

export function hashOf({ seq, ts, type, actor, task, data, prev }: z.infer<typeof Body>): Digest {
  return sha256('proofhouse.audit.v1\0', canonical({ seq, ts, type, actor, task, data, prev }));
}

/** What stands in a record for a text. Whoever has salt and text can show that they belong together. */
export function sealOf(salt: string, name: string, text: string): Digest {
  return sha256(`proofhouse.sealed.v1\0${salt}\0${name}\0`, text);
}
