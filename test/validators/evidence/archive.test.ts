import { describe, expect, test } from 'vitest';
import { ARCHIVE, isArchive, readArchive } from '../../../validators/evidence/archive.ts';
import { type Given, zipOf } from './zip.ts';

async function read(...entries: readonly Given[]) {
  const seen: string[] = [];
  const end = await readArchive(zipOf(...entries), (name, bytes) =>
    seen.push(`${name}: ${bytes.toString('latin1', 0, 20)}`),
  );
  return { end, seen };
}
const file = (name: string, content: Uint8Array | string = 'x'): Given => ({ name, content });
const SYMLINK = 0o120777;

test('every file is seen, packed or not, and each in an archive inside', async () => {
  const inner = zipOf(file('c', 'three'));
  expect(isArchive(inner)).toBe(true);
  const { end, seen } = await read(
    file('a', 'one'),
    { ...file('b/b', 'two'), isPacked: false },
    file('b/'),
    file('in.zip', inner),
  );
  expect(end).toEqual({ ended: 'read' });
  expect(seen).toEqual(['a: one', 'b/b: two', expect.stringContaining('in.zip: PK'), 'c: three']);
});

describe('an archive is hostile', () => {
  const zeros = Buffer.alloc(2 * ARCHIVE.ratioFreeBytes);
  const deep = zipOf(file('c', 'x'));
  test.each<[string, Given, string]>([
    ['that leads above', file('../../etc/cron.d/x'), 'leads out'],
    ['that leads above in between', file('a/../../x'), 'leads out'],
    ['that names a place of the host', file('/etc/passwd'), 'leads out'],
    ['that names a drive', file('C:/x'), 'leads out'],
    ['whose names have backslashes', file('..\\..\\x'), 'leads out'],
    ['with a symbolic link', { ...file('link', '/etc/passwd'), mode: SYMLINK }, 'symbolic link'],
    ['that unpacks a thousandfold', file('bomb', zeros), 'times its size'],
    ['three deep', file('a.zip', zipOf(file('b.zip', deep))), 'archive in an archive'],
  ])('%s', async (_, given, why) => {
    const { end } = await read(file('first'), given);
    expect(end).toEqual({ ended: 'hostile', why: expect.stringContaining(why) });
  });
});

describe('an archive is not read to its end', () => {
  test('when it unpacks to more than it says, and not one byte more is taken', async () => {
    const { end, seen } = await read({ ...file('liar', 'x'.repeat(5000)), says: 10 });
    expect(end).toMatchObject({ ended: 'unreadable' });
    expect(seen).toEqual([]);
  });

  test('when it unpacks to less than it says', async () => {
    const { end } = await read({ ...file('liar', 'x'), says: 1000 });
    expect(end).toMatchObject({ ended: 'unreadable' });
  });

  test('when a file in it is too large', async () => {
    const { end } = await read({
      ...file('large', 'x'),
      says: ARCHIVE.entryBytes + 1,
      isPacked: false,
    });
    expect(end).toMatchObject({ ended: expect.stringMatching(/unreadable|hostile/) });
  });

  test('when it has too many files', async () => {
    const many = Array.from({ length: ARCHIVE.entries + 1 }, (_, at) => file(`${at}`, ''));
    const { end } = await read(...many);
    expect(end).toEqual({ ended: 'unreadable', why: expect.stringContaining('more than') });
  });

  test('when it is cut short', async () => {
    const whole = zipOf(file('a', 'one'));
    const end = await readArchive(whole.subarray(0, whole.length - 30), () => {});
    expect(end).toMatchObject({ ended: 'unreadable' });
  });
});
