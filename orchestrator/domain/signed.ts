/** Signing records and believing them. A record counts only with a signature over exactly its bytes. */

import type { Json } from './canonical.ts';
import { canonical } from './canonical.ts';
import {
  type PayloadType,
  type SigningKey,
  signJson,
  type TrustedKey,
  verifyJson,
} from './dsse.ts';
import { RECORD_KINDS, type RecordKind, type RecordOf, type Signed } from './records.ts';

export type Signatures = {
  sign<K extends RecordKind>(kind: K, record: RecordOf<K>): Signed<RecordOf<K>>;
  /** Whether a key that was good when the record was made signed exactly this record. */
  holds<K extends RecordKind>(kind: K, signed: Signed<RecordOf<K>>): boolean;
};

export type ApprovalKeys = {
  /** Made when it is asked for the first time. */
  signer(): SigningKey;
  trusted(): readonly TrustedKey[];
};

/** The payload type of each kind of record. */
export const RECORD_TYPES: Record<RecordKind, PayloadType> = {
  approval: 'application/vnd.proofhouse.approval.v1+json',
  revocation: 'application/vnd.proofhouse.revocation.v1+json',
  veto_lift: 'application/vnd.proofhouse.veto-lift.v1+json',
  delegation: 'application/vnd.proofhouse.delegation.v1+json',
  break_glass: 'application/vnd.proofhouse.break-glass.v1+json',
  break_glass_review: 'application/vnd.proofhouse.break-glass-review.v1+json',
};

export function signaturesWith(keys: ApprovalKeys): Signatures {
  return {
    sign: (kind, record) => ({
      record,
      envelope: signJson(RECORD_TYPES[kind], record as Json, keys.signer()),
    }),
    holds: (kind, { record, envelope }) => {
      const verified = verifyJson(
        RECORD_KINDS[kind] as never,
        envelope,
        keys.trusted(),
        RECORD_TYPES[kind],
        record.createdAt,
      );
      // The envelope is what was signed; the record beside it is believed only if it is the same.
      return 'value' in verified && canonical(verified.value) === canonical(record as Json);
    },
  };
}
