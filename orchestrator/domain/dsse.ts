/**
 * Signed statements: DSSE envelopes with Ed25519 keys. Pure.
 *
 * Invariants: what is given back is the bytes that were verified, never a second reading of the
 * envelope; the payload type is signed too and belongs to one role, so a key for approvals never
 * speaks for the audit log; a key id is a hint that nothing is decided by; keys are counted, not
 * signatures.
 */
import {
  createHash,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';
import { canonical, type Json } from './canonical.ts';
import { Fault } from './faults.ts';

export const KeyRole = z.enum(['approval', 'audit', 'evidence']);
export type KeyRole = z.infer<typeof KeyRole>;

/** Every payload type there is, and whose keys may sign it. */
const ROLE_OF = {
  'application/vnd.proofhouse.approval.v1+json': 'approval',
  'application/vnd.proofhouse.revocation.v1+json': 'approval',
  'application/vnd.proofhouse.veto-lift.v1+json': 'approval',
  'application/vnd.proofhouse.delegation.v1+json': 'approval',
  'application/vnd.proofhouse.break-glass.v1+json': 'approval',
  'application/vnd.proofhouse.break-glass-review.v1+json': 'approval',
  'application/vnd.proofhouse.audit-checkpoint.v1+json': 'audit',
  'application/vnd.proofhouse.manifest.v1+json': 'evidence',
  // in-toto names one type for every statement; what people decided keeps its own types above.
  'application/vnd.in-toto+json': 'evidence',
} as const satisfies Record<string, KeyRole>;
export type PayloadType = keyof typeof ROLE_OF;

export type SigningKey = {
  readonly role: KeyRole;
  /** SPKI of the public half, DER in base64. */
  readonly key: string;
  readonly privateKey: KeyObject;
};

/** A public key we believe, for one role and within a time: from `from` on, before `until`. */
export const TrustedKey = z.strictObject({
  role: KeyRole,
  /** SPKI, DER in base64. */
  key: z.string().max(1024),
  /** Null: ever since, or for good. */
  from: z.iso.datetime().nullable(),
  until: z.iso.datetime().nullable(),
});
export type TrustedKey = z.infer<typeof TrustedKey>;

const SIGNATURES_MAX = 16;
const PAYLOAD_CHARACTERS_MAX = 2 ** 20;

export const Envelope = z.strictObject({
  payloadType: z.string(),
  payload: z.string().max(PAYLOAD_CHARACTERS_MAX),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(256).optional(), sig: z.string().max(256) }))
    .min(1)
    .max(SIGNATURES_MAX),
});
export type Envelope = z.infer<typeof Envelope>;

type EnvelopeProblem = 'not_an_envelope' | 'other_payload_type' | 'bad_signature';
type Verified = {
  readonly payload: Uint8Array;
  /** Ids of the keys that signed, each once. */
  readonly signedBy: readonly string[];
};

export function sign(payloadType: PayloadType, payload: Uint8Array, key: SigningKey): Envelope {
  if (ROLE_OF[payloadType] !== key.role) {
    throw new Fault('internal', `a key for ${key.role} was to sign ${payloadType}`);
  }
  const sig = cryptoSign(null, preAuthEncoding(payloadType, payload), key.privateKey);
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: keyId(key.key), sig: sig.toString('base64') }],
  };
}

/** The bytes, when at least one trusted key of the type's role, valid at `at`, signed them. */
export function verify(
  envelope: unknown,
  trusted: readonly TrustedKey[],
  payloadType: PayloadType,
  at: string | null = null,
): Verified | { readonly problem: EnvelopeProblem } {
  const parsed = Envelope.safeParse(envelope);
  if (!parsed.success) return { problem: 'not_an_envelope' };
  if (parsed.data.payloadType !== payloadType) return { problem: 'other_payload_type' };
  const payload = bytesOf(parsed.data.payload);
  const signatures = parsed.data.signatures.map(({ sig }) => bytesOf(sig));
  if (payload === null || signatures.includes(null)) return { problem: 'not_an_envelope' };
  const message = preAuthEncoding(payloadType, payload);
  const keys = trusted.filter((one) => one.role === ROLE_OF[payloadType] && isValid(one, at));
  const signers = keys.filter((one) => {
    const publicKey = parsedKey(one);
    return signatures.some(
      (sig) => publicKey && sig && cryptoVerify(null, message, publicKey, sig),
    );
  });
  const signedBy = [...new Set(signers.map(({ key }) => keyId(key)))];
  return signedBy.length === 0 ? { problem: 'bad_signature' } : { payload, signedBy };
}

/** The key of a role that was in use at a moment, so that signing again gives the same bytes. */
export function keyAt(trusted: readonly TrustedKey[], at: string): string | undefined {
  return trusted.findLast((one) => isValid(one, at))?.key;
}

/** Reading a key takes as long as checking a signature with it, and a bundle has a thousand of one key's. */
const PARSED = new WeakMap<TrustedKey, KeyObject | null>();

function parsedKey(trusted: TrustedKey): KeyObject | null {
  const known = PARSED.get(trusted);
  if (known !== undefined) return known;
  const parsed = publicKeyOf(trusted.key);
  PARSED.set(trusted, parsed);
  return parsed;
}

export function signJson(payloadType: PayloadType, value: Json, key: SigningKey): Envelope {
  return sign(payloadType, Buffer.from(canonical(value)), key);
}

/** A signed value, read once from the bytes that were verified; they must be its canonical JSON. */
export function verifyJson<T extends Json>(
  schema: z.ZodType<T>,
  ...given: Parameters<typeof verify>
): (Verified & { readonly value: T }) | { readonly problem: EnvelopeProblem | 'not_the_payload' } {
  const verified = verify(...given);
  if ('problem' in verified) return verified;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      verified.payload,
    );
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success && canonical(parsed.data) === text)
      return { ...verified, value: parsed.data };
  } catch {
    // Signed, and still neither UTF-8 nor JSON.
  }
  return { problem: 'not_the_payload' };
}

/** SHA-256 of the SPKI, in hex. */
export function keyId(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex');
}

/** Null when this is not an Ed25519 key in the one form that we write. */
export function publicKeyOf(key: string): KeyObject | null {
  try {
    const found = createPublicKey({
      key: Buffer.from(key, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const isOurs = found.asymmetricKeyType === 'ed25519' && spkiOf(found) === key;
    return isOurs ? found : null;
  } catch {
    return null;
  }
}

export function spkiOf(publicKey: KeyObject): string {
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}

/** DSSE's PAE: lengths before contents, so that no type can run over into a payload. */
function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

function isValid({ from, until }: Pick<TrustedKey, 'from' | 'until'>, at: string | null): boolean {
  if (at === null) return true;
  const time = Date.parse(at);
  return (
    (from === null || Date.parse(from) <= time) && (until === null || time < Date.parse(until))
  );
}

/** Base64 of either alphabet, with or without padding; null for anything else. */
function bytesOf(text: string): Buffer | null {
  if (text.endsWith('=') && text.length % 4 !== 0) return null;
  const plain = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '');
  const bytes = Buffer.from(plain, 'base64');
  // Node skips what it does not know; written again, what was skipped is missing.
  return bytes.toString('base64').replace(/={1,2}$/, '') === plain ? bytes : null;
}
