/** A key for decisions that every test may use, and the signatures made with it. */
import { generateKeyPairSync } from 'node:crypto';
import { spkiOf } from '../../orchestrator/domain/dsse.ts';
import { type Signatures, signaturesWith } from '../../orchestrator/domain/signed.ts';

/** Signatures of a key of their own; two of these do not believe each other. */
export function freshSignatures(): Signatures {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = spkiOf(publicKey);
  return signaturesWith({
    signer: () => ({ role: 'approval', key, privateKey }),
    trusted: () => [{ role: 'approval', key, from: null, until: null }],
  });
}

export const SIGNATURES = freshSignatures();
