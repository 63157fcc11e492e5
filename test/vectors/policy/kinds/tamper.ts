/**
 * What became of an audit log. `lines` are its lines without their line breaks, `tail` is what
 * stands after the last of those, `checkpoints` are DSSE envelopes, `trusted` are SPKI keys (base64).
 *
 * A line is a record when it is the canonical JSON (RFC 8785) of exactly `actor, data, hash, prev,
 * seq, task, ts, type`, of a known type, with whole numbers only, `data` at most one level deep.
 * `log.opened`, with `log` and `key` in `data`, comes first and only there; only its `prev` is null.
 * `hash` is SHA-256 of `proofhouse.audit.v1`, a zero byte and the canonical JSON without `hash`.
 *
 * From the top, the first of these that is true of the record that should be number `n` ends it, `seq`
 * being n: it is no record (not_a_record); its hash is another (hash_mismatch); its number is higher
 * (reordered when record n comes later, else gap), or is n-1 with another hash (forked), or is lower
 * otherwise (reordered); `prev` is another (forked); it opens the log with, or is a `key.rotated` with
 * role `audit` to, a `key` that is not trusted (unknown_key); and of each trusted checkpoint that
 * names it: another log (wrong_log, no seq), a key that is not the log's at this record
 * (bad_signature, no seq), another hash (checkpoint_mismatch).
 * At the end: a checkpoint that no trusted key signed, or whose payload is not the canonical JSON of
 * `hash, log, seq` (bad_signature, no seq); one of another log (wrong_log, no seq); one beyond the
 * last record (truncated_behind_checkpoint, seq of the first one missing); a tail (torn_tail, seq of
 * the record it would be); no record (empty, 0); no checkpoint (unsigned, no seq).
 * torn_tail, empty and unsigned are `incomplete`, everything else is `tampered`.
 */
import { z } from 'zod';
import { verifyChain } from '../../../../orchestrator/domain/audit-verify.ts';

const Input = z.strictObject({
  lines: z.array(z.string()),
  checkpoints: z.array(z.string()),
  trusted: z.array(z.base64()),
  tail: z.string().min(1).optional(),
});

export async function answer(input: unknown): Promise<unknown> {
  const { lines, checkpoints, trusted, tail } = Input.parse(input);
  const keys = trusted.map((key) => ({ role: 'audit' as const, key, from: null, until: null }));
  const all = [...lines.map((line) => `${line}\n`), ...(tail === undefined ? [] : [tail])];
  const { status, code, seq } = await verifyChain(all, checkpoints, keys);
  return { status, code, seq };
}
