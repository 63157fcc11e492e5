/** Keys for tests that sign: each name always gives the same one. */
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import {
  type KeyRole,
  type SigningKey,
  spkiOf,
  type TrustedKey,
} from '../../../orchestrator/domain/dsse.ts';

/** PKCS#8 of an Ed25519 key is this and its 32-byte seed. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export function keyNamed(name: string, role: KeyRole = 'audit'): SigningKey {
  const seed = createHash('sha256').update(`proofhouse test key ${name}`).digest();
  const der = Buffer.concat([PKCS8, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { role, key: spkiOf(createPublicKey(privateKey)), privateKey };
}

export function trusting(...keys: readonly SigningKey[]): TrustedKey[] {
  return keys.map(({ role, key }) => ({ role, key, from: null, until: null }));
}
