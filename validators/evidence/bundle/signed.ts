/** Why a signature does not hold, in words that tell an edit from a key that may not sign. Pure. */
import {
  Envelope,
  KeyRole,
  keyId,
  type PayloadType,
  type TrustedKey,
  verify,
} from '../../../orchestrator/domain/dsse.ts';

/** Null when it holds: a trusted key of the type's role signed it, and was good at `at`. */
export function whyUnsigned(
  envelope: unknown,
  trusted: readonly TrustedKey[],
  payloadType: PayloadType,
  at: string,
): string | null {
  const found = verify(envelope, trusted, payloadType, at);
  if (!('problem' in found)) return null;
  if (found.problem === 'not_an_envelope') return 'is no signed envelope';
  if (found.problem === 'other_payload_type') return `is no envelope of ${payloadType}`;
  const late = verify(envelope, trusted, payloadType);
  if (!('problem' in late))
    return `is signed by ${named(late.signedBy)}, ${timeOf(late.signedBy, trusted)}, and not at ${at}`;
  for (const role of KeyRole.options) {
    // Under another role's name, to say whose key it is; it counts for nothing.
    const renamed = trusted.filter((one) => one.role === role);
    const other = verify(envelope, asAny(renamed), payloadType);
    if (!('problem' in other)) return `is signed by a key for ${role}, which may not sign this`;
  }
  return isKnown(envelope, trusted)
    ? 'has a signature that does not fit: it was changed after it was signed, or its signature was'
    : 'is signed by no key that is trusted here';
}

function asAny(keys: readonly TrustedKey[]): TrustedKey[] {
  return keys.flatMap((one) => KeyRole.options.map((role) => ({ ...one, role })));
}

function isKnown(envelope: unknown, trusted: readonly TrustedKey[]): boolean {
  const parsed = Envelope.safeParse(envelope);
  const hints = parsed.success ? parsed.data.signatures.map(({ keyid }) => keyid) : [];
  return trusted.some(({ key }) => hints.includes(keyId(key)));
}

function named(ids: readonly string[]): string {
  return `key ${ids.map((id) => id.slice(0, 12)).join(', ')}`;
}

function timeOf(ids: readonly string[], trusted: readonly TrustedKey[]): string {
  const key = trusted.find((one) => ids.includes(keyId(one.key)));
  return `which was good from ${key?.from ?? 'ever'} until ${key?.until ?? 'now'}`;
}
