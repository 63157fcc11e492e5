import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { signJson, verify } from '../../../orchestrator/domain/dsse.ts';
import { openKeys } from '../../../orchestrator/store/keys.ts';
import { temporaryFolder } from '../intake/repositories.ts';

const FROM = '2026-03-01T10:00:00.000Z';
const clock = (): Date => new Date(FROM);
const TYPE = 'application/vnd.proofhouse.approval.v1+json';

/** A data directory with a key for approvals, and where that key lies. */
function made(): { home: string; file: string } {
  const home = temporaryFolder();
  openKeys(home, clock).signer('approval');
  return { home, file: join(home, 'keys', 'approval', '0001.json') };
}

const refusal = (message: string) => ({
  code: 'key_unusable',
  message: expect.stringContaining(message),
});

function thrown(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

test('a role is given its key when it first signs, and then always the same', () => {
  const home = temporaryFolder();
  const keys = openKeys(home, clock);
  expect(keys.trusted('approval')).toEqual([]);
  const { key } = keys.signer('approval');
  expect(openKeys(home, clock).signer('approval').key).toBe(key);
  expect(keys.trusted('approval')).toEqual([{ role: 'approval', key, from: null, until: null }]);
  expect(keys.trusted('audit')).toEqual([]);
});

test('each role has a key of its own', () => {
  const keys = openKeys(temporaryFolder(), clock);
  expect(keys.signer('audit').key).not.toBe(keys.signer('approval').key);
});

test('what a key signs, its role verifies', () => {
  const keys = openKeys(temporaryFolder(), clock);
  const signed = signJson(TYPE, { yes: true }, keys.signer('approval'));
  expect(verify(signed, keys.trusted('approval'), TYPE)).toHaveProperty('payload');
});

test('the file is for its owner only, and so is the folder; nothing else is left in it', () => {
  const { file } = made();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(file))).toEqual(['0001.json']);
});

test('a public key says nothing of the private one', () => {
  const { home, file } = made();
  const { private: secret } = JSON.parse(readFileSync(file, 'utf8'));
  expect(JSON.stringify(openKeys(home, clock).trusted('approval'))).not.toContain(secret);
});

test.each([0o640, 0o604, 0o620, 0o601])('a file of mode %o is refused', (mode) => {
  const { home, file } = made();
  chmodSync(file, mode);
  const keys = openKeys(home, clock);
  for (const use of [keys.signer, keys.trusted]) {
    expect(thrown(() => use('approval'))).toMatchObject(refusal('is not for this user alone'));
  }
});

test('a folder that others may look into or write to is refused', () => {
  for (const mode of [0o750, 0o707]) {
    const { home, file } = made();
    chmodSync(dirname(file), mode);
    const signing = thrown(() => openKeys(home, clock).signer('approval'));
    expect(signing).toMatchObject(refusal(dirname(file)));
  }
});

test('a link in the place of a key is not followed', () => {
  const { home, file } = made();
  renameSync(file, join(home, 'elsewhere.json'));
  symlinkSync(join(home, 'elsewhere.json'), file);
  expect(thrown(() => openKeys(home, clock).signer('approval'))).toMatchObject(refusal(file));
});

const pkcs8 = (type: 'x25519' | 'ed25519'): string =>
  // The overloads of Node take one literal each.
  (type === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ed25519')).privateKey
    .export({ format: 'der', type: 'pkcs8' })
    .toString('base64');

test.each([
  ['is empty', ''],
  ['is cut off', '{"role":"approval","from":"2026-0'],
  ['is for another role', JSON.stringify({ role: 'audit', from: FROM, private: pkcs8('ed25519') })],
  [
    'is of another kind',
    JSON.stringify({ role: 'approval', from: FROM, private: pkcs8('x25519') }),
  ],
  ['is no key', JSON.stringify({ role: 'approval', from: FROM, private: 'AAAA' })],
  ['has no time', JSON.stringify({ role: 'approval', private: pkcs8('ed25519') })],
])('a key that %s is refused by its name, and none is made in its place', (_, text) => {
  const { home, file } = made();
  writeFileSync(file, text);
  expect(thrown(() => openKeys(home, clock).signer('approval'))).toMatchObject(refusal(file));
  expect(readdirSync(dirname(file))).toEqual(['0001.json']);
});

test('a key file that a crash left half made is not a key', () => {
  const { home, file } = made();
  writeFileSync(join(dirname(file), 'half.new'), '{', { mode: 0o600 });
  expect(openKeys(home, clock).trusted('approval')).toHaveLength(1);
});

test('the next key signs from its time on, and the one before is believed until then', () => {
  const { home, file } = made();
  const first = openKeys(home, clock).signer('approval').key;
  const until = '2026-06-01T00:00:00.000Z';
  const next = { role: 'approval', from: until, private: pkcs8('ed25519') };
  writeFileSync(join(dirname(file), '0002.json'), JSON.stringify(next), { mode: 0o600 });
  const keys = openKeys(home, clock);
  const second = keys.signer('approval').key;
  expect(second).not.toBe(first);
  expect(keys.trusted('approval')).toEqual([
    { role: 'approval', key: first, from: null, until },
    { role: 'approval', key: second, from: until, until: null },
  ]);
  expect(keys.signer('approval', first).key).toBe(first);
});

test('a key that is asked for by name and is not there is not replaced by another', () => {
  const { home } = made();
  const asked = thrown(() => openKeys(home, clock).signer('approval', 'another'));
  expect(asked).toMatchObject(refusal('has no key another'));
});

test('a place where no folder can be made is a fault that names it', () => {
  const home = temporaryFolder();
  writeFileSync(join(home, 'keys'), '');
  const asked = thrown(() => openKeys(home, clock).signer('audit'));
  expect(asked).toMatchObject({ code: 'key_unusable', message: expect.stringContaining(home) });
});
