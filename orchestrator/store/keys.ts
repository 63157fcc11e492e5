/**
 * The data directory's signing keys: `keys/<role>/0001.json`, `0002.json`, …
 *
 * Invariant: a number is taken by one `link` only, so processes that make the first key at once end
 * with the same one. A key is in use until the next one begins; nothing is ever rewritten. A file
 * that anybody else could have read or written is not used.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { KeyRole, type SigningKey, spkiOf, type TrustedKey } from '../domain/dsse.ts';
import { Fault } from '../domain/faults.ts';
import type { Keys } from '../ports.ts';
import { readOwn, refuseOthersFolder, unusable, writeOnce } from './own-file.ts';

const KeyFile = z.strictObject({
  role: KeyRole,
  /** Since when it signs. */
  from: z.iso.datetime(),
  /** PKCS#8, DER in base64. */
  private: z.string(),
});
type StoredKey = SigningKey & { readonly from: string };

export function openKeys(home: string, clock: () => Date): Keys {
  const stored = (role: KeyRole): readonly StoredKey[] => readKeys(join(home, 'keys', role), role);
  return {
    trusted: (role) => stored(role).map(trustedKey),
    rotate: (role) => {
      const now = clock();
      addKey(home, role, stored(role).length + 1, now);
      const [newest] = stored(role).map(trustedKey).slice(-1);
      if (newest?.from === now.toISOString() || newest?.from === null) return newest;
      throw new Fault('key_unusable', `another process gave ${role} a new key at the same time`);
    },
    signer: (role, key) => {
      if (stored(role).length === 0) addKey(home, role, 1, clock());
      const found = stored(role).findLast((one) => key === undefined || one.key === key);
      if (found !== undefined) return found;
      throw new Fault('key_unusable', `${join(home, 'keys', role)} has no key ${key}`);
    },
  };
}

/** A key is good from its own beginning to that of the next; nothing signed before the first. */
function trustedKey(
  { role, key, from }: StoredKey,
  at: number,
  all: readonly StoredKey[],
): TrustedKey {
  return { role, key, from: at === 0 ? null : from, until: all[at + 1]?.from ?? null };
}

function readKeys(folder: string, role: KeyRole): readonly StoredKey[] {
  return namesIn(folder)
    .filter((name) => /^\d{4}\.json$/.test(name))
    .sort()
    .map((name) => readKey(join(folder, name), role));
}

function namesIn(folder: string): string[] {
  try {
    refuseOthersFolder(folder);
    return readdirSync(folder);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'ENOENT') return [];
    throw unusable(folder, thrown);
  }
}

function readKey(file: string, role: KeyRole): StoredKey {
  try {
    const stored = KeyFile.parse(JSON.parse(readOwn(file)));
    if (stored.role !== role) throw new Error(`it is a key for ${stored.role}`);
    const der = Buffer.from(stored.private, 'base64');
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('it is not an Ed25519 key');
    return { role, key: spkiOf(createPublicKey(privateKey)), privateKey, from: stored.from };
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}

function addKey(home: string, role: KeyRole, number: number, now: Date): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const file: z.infer<typeof KeyFile> = { role, from: now.toISOString(), private: key };
  const name = `${String(number).padStart(4, '0')}.json`;
  writeOnce(join(home, 'keys', role), name, `${JSON.stringify(file)}\n`);
}
