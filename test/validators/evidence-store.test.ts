import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import type { Digest } from '../../orchestrator/domain/ids.ts';
import { openEvidenceStore } from '../../validators/evidence/store.ts';

const given = { folder: '' };
beforeEach(() => {
  given.folder = mkdtempSync(join(tmpdir(), 'proofhouse-evidence-'));
});
afterEach(() => rmSync(given.folder, { recursive: true }));

const BYTES = Buffer.from('a screenshot \0 \xff', 'latin1');
const open = (): ReturnType<typeof openEvidenceStore> => openEvidenceStore(join(given.folder, 'e'));

function tamper(file: string): void {
  chmodSync(file, 0o600);
  writeFileSync(file, 'another screenshot');
}

test('a file is found again by the digest of its bytes', async () => {
  const digest = await open().put(BYTES);
  expect(digest).toBe(sha256(BYTES));
  expect(await open().get(digest)).toEqual(BYTES);
  expect(readFileSync(open().path(digest))).toEqual(BYTES);
});

test('a file lies under its digest, read-only, with nothing beside it', async () => {
  const digest = await open().put(BYTES);
  const hex = digest.slice('sha256:'.length);
  const file = open().path(digest);
  expect(file).toBe(join(given.folder, 'e', 'sha256', hex.slice(0, 2), hex.slice(2)));
  expect(statSync(file).mode & 0o777).toBe(0o400);
  expect(readdirSync(dirname(file))).toEqual([hex.slice(2)]);
});

test('the same bytes are stored once, also when put by many at once', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => open().put(BYTES)));
  expect(new Set(all).size).toBe(1);
  expect(readdirSync(dirname(open().path(sha256(BYTES))))).toHaveLength(1);
});

test('a digest that nobody put has no file', async () => {
  expect(await open().get(sha256('nothing'))).toBeNull();
});

test('a file that was changed on disk is never given out', async () => {
  const digest = await open().put(BYTES);
  tamper(open().path(digest));
  expect(await open().get(digest)).toBeNull();
});

test('putting the right bytes mends a changed file', async () => {
  const digest = await open().put(BYTES);
  tamper(open().path(digest));
  await open().put(BYTES);
  expect(await open().get(digest)).toEqual(BYTES);
});

test.each(['sha256:../../../../etc/passwd', 'md5:00', '', `sha256:${'A'.repeat(64)}`])(
  '%j is no digest and leads to no path',
  async (digest) => {
    expect(() => open().path(digest as Digest)).toThrow();
    await expect(open().get(digest as Digest)).rejects.toThrow();
  },
);

describe('the store is bounded', () => {
  const bounded = () => openEvidenceStore(join(given.folder, 'e'), { fileBytes: 10, bytes: 25 });
  const put = (text: string) => bounded().put(Buffer.from(text));

  test('for each file, at the limit and not above it', async () => {
    await put('0123456789');
    await expect(put('0123456789a')).rejects.toMatchObject({ code: 'evidence_full' });
  });

  test('in whole, and what is there already takes no room', async () => {
    await put('0123456789');
    await put('abcdefghij');
    await put('0123456789');
    await expect(put('ABCDEF')).rejects.toMatchObject({ code: 'evidence_full' });
    await put('ABCDE');
  });

  test('and takes more once something has gone', async () => {
    const store = bounded();
    const first = await store.put(Buffer.from('0123456789'));
    await store.put(Buffer.from('abcdefghij'));
    await expect(store.put(Buffer.from('ABCDEFGHIJ'))).rejects.toThrow('takes 25');
    rmSync(store.path(first));
    await store.put(Buffer.from('ABCDEFGHIJ'));
  });
});

test('putting bytes again makes their file new, so that it is not collected meanwhile', async () => {
  const digest = await open().put(BYTES);
  utimesSync(open().path(digest), 0, 0);
  await open().put(BYTES);
  expect(statSync(open().path(digest)).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});
