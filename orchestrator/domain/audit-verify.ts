/**
 * Whether an audit log is the one that was written. Pure; reads line by line and holds one record.
 *
 * The walk stops at the first line that cannot be right and says why. Only then are the checkpoints
 * asked that the walk did not meet: a chain alone cannot show that its end is missing or that all of
 * it was written anew, and a signed checkpoint can. So a log without any is `incomplete`.
 */
import {
  type AuditRecord,
  CHECKPOINT_TYPE,
  Checkpoint,
  hashOf,
  Opening,
  Rotation,
  recordOf,
} from './audit.ts';
import { keyId, type TrustedKey, verifyJson } from './dsse.ts';
import type { Digest } from './ids.ts';

/** What each code means, and whether somebody changed the log or some of it is only missing. */
export const AUDIT_CODES = {
  /** A line that no writer writes. */
  not_a_record: 'tampered',
  hash_mismatch: 'tampered',
  /** The record of this place comes later, or one comes again. */
  reordered: 'tampered',
  gap: 'tampered',
  /** A record of this place that follows another past. */
  forked: 'tampered',
  /** The log names a key that is not trusted. */
  unknown_key: 'tampered',
  checkpoint_mismatch: 'tampered',
  /** A checkpoint that no key signed which the log had at that record. */
  bad_signature: 'tampered',
  /** A checkpoint of another log. */
  wrong_log: 'tampered',
  truncated_behind_checkpoint: 'tampered',
  /** The last line has no end, as after a crash. */
  torn_tail: 'incomplete',
  empty: 'incomplete',
  /** No checkpoint vouches for any record. */
  unsigned: 'incomplete',
} as const;
export type AuditCode = keyof typeof AUDIT_CODES;

/** A checkpoint is wrong here, and the record that it names may be right. */
const BLAMES_NO_RECORD: ReadonlySet<AuditCode> = new Set(['bad_signature', 'wrong_log']);

export type AuditReport = {
  readonly status: 'intact' | 'tampered' | 'incomplete';
  readonly code: AuditCode | null;
  /** The first record that is not as it was written; null when no one record is to blame. */
  readonly seq: number | null;
  readonly log: string | null;
  /** Records that were found good, and the last of them. */
  readonly records: number;
  readonly head: { readonly seq: number; readonly hash: Digest } | null;
  /** The last record that a checkpoint vouches for. */
  readonly signedTo: number | null;
};

type Found = { readonly code: AuditCode; readonly seq: number | null };

/**
 * `lines` come with their line break; the last may lack it. Null is a line that could not be read:
 * too long, or not UTF-8. `checkpoints` are envelopes as JSON.
 */
export async function verifyChain(
  lines: AsyncIterable<string | null> | Iterable<string | null>,
  checkpoints: readonly string[],
  trusted: readonly TrustedKey[],
): Promise<AuditReport> {
  const walk = new Walk(readCheckpoints(checkpoints, trusted), trusted);
  for await (const line of lines) {
    if (walk.take(line) === 'enough') break;
  }
  return walk.report();
}

type Signed = { readonly checkpoint: Checkpoint; readonly signedBy: readonly string[] };

/** In the order of their records; those that nobody we trust signed are null. */
function readCheckpoints(
  checkpoints: readonly string[],
  trusted: readonly TrustedKey[],
): readonly (Signed | null)[] {
  return checkpoints
    .map((text) => {
      const verified = verifyJson(Checkpoint, parsedJson(text), trusted, CHECKPOINT_TYPE);
      return 'value' in verified
        ? { checkpoint: verified.value, signedBy: verified.signedBy }
        : null;
    })
    .sort((a, b) => (a?.checkpoint.seq ?? 0) - (b?.checkpoint.seq ?? 0));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

class Walk {
  #last: AuditRecord | null = null;
  #log: string | null = null;
  /** Id of the key that signs checkpoints of the record just read. */
  #key = '';
  #found: Found | null = null;
  #isTorn = false;
  #signedTo: number | null = null;
  #nextSigned = 0;
  readonly #signed: readonly Signed[];
  readonly #isAnyUnsigned: boolean;
  readonly #trusted: ReadonlySet<string>;

  constructor(checkpoints: readonly (Signed | null)[], trusted: readonly TrustedKey[]) {
    this.#signed = checkpoints.filter((one) => one !== null);
    this.#isAnyUnsigned = checkpoints.includes(null);
    this.#trusted = new Set(trusted.filter(({ role }) => role === 'audit').map(({ key }) => key));
  }

  take(line: string | null): 'more' | 'enough' {
    if (this.#found !== null) return this.#lookForLost(line);
    if (line !== null && !line.endsWith('\n')) {
      this.#isTorn = true;
      return 'enough';
    }
    const record = line === null ? null : recordOf(line.slice(0, -1));
    const code = record === null ? 'not_a_record' : (this.#fault(record) ?? this.#vouch(record));
    if (code === null) {
      this.#last = record;
      return 'more';
    }
    this.#found = { code, seq: BLAMES_NO_RECORD.has(code) ? null : this.#next };
    // A gap and a swap begin alike; which it is, the rest of the log tells.
    return code === 'gap' ? 'more' : 'enough';
  }

  report(): AuditReport {
    const found = this.#found ?? this.#atTheEnd();
    const last = this.#last;
    return {
      status: found === null ? 'intact' : AUDIT_CODES[found.code],
      code: found?.code ?? null,
      seq: found?.seq ?? null,
      log: this.#log,
      records: this.#next,
      head: last && { seq: last.seq, hash: last.hash },
      signedTo: this.#signedTo,
    };
  }

  get #next(): number {
    return this.#last === null ? 0 : this.#last.seq + 1;
  }

  /** What is wrong with the record as the next of this chain. */
  #fault(record: AuditRecord): AuditCode | null {
    const { seq, prev, hash } = record;
    const last = this.#last;
    if (hashOf(record) !== hash) return 'hash_mismatch';
    if (seq > this.#next) return 'gap';
    if (seq < this.#next) return seq === last?.seq && hash !== last.hash ? 'forked' : 'reordered';
    if (prev !== (last?.hash ?? null)) return 'forked';
    return this.#learnKey(record);
  }

  #learnKey({ type, data }: AuditRecord): AuditCode | null {
    if (type === 'log.opened') {
      const opened = Opening.safeParse(data);
      if (!opened.success) return 'not_a_record';
      this.#log = opened.data.log;
      return this.#use(opened.data.key);
    }
    if (type !== 'key.rotated') return null;
    const rotated = Rotation.safeParse(data);
    if (!rotated.success) return 'not_a_record';
    return rotated.data.role === 'audit' ? this.#use(rotated.data.key) : null;
  }

  #use(key: string): AuditCode | null {
    if (!this.#trusted.has(key)) return 'unknown_key';
    this.#key = keyId(key);
    return null;
  }

  /** Holds the record against every checkpoint that names it. */
  #vouch({ seq, hash }: AuditRecord): AuditCode | null {
    for (;;) {
      const signed = this.#signed[this.#nextSigned];
      if (signed === undefined || signed.checkpoint.seq > seq) return null;
      if (signed.checkpoint.log !== this.#log) return 'wrong_log';
      if (!signed.signedBy.includes(this.#key)) return 'bad_signature';
      if (signed.checkpoint.hash !== hash) return 'checkpoint_mismatch';
      this.#signedTo = seq;
      this.#nextSigned += 1;
    }
  }

  #lookForLost(line: string | null): 'more' | 'enough' {
    const seq = this.#next;
    if (line === null || recordOf(line.trimEnd())?.seq !== seq) return 'more';
    this.#found = { code: 'reordered', seq };
    return 'enough';
  }

  #atTheEnd(): Found | null {
    if (this.#isAnyUnsigned) return { code: 'bad_signature', seq: null };
    const ahead = this.#signed[this.#nextSigned];
    if (ahead !== undefined) {
      const isOurs = this.#log === null || ahead.checkpoint.log === this.#log;
      return isOurs
        ? { code: 'truncated_behind_checkpoint', seq: this.#next }
        : { code: 'wrong_log', seq: null };
    }
    if (this.#isTorn) return { code: 'torn_tail', seq: this.#next };
    if (this.#last === null) return { code: 'empty', seq: 0 };
    return this.#signedTo === null ? { code: 'unsigned', seq: null } : null;
  }
}
