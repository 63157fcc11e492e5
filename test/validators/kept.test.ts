import { describe, expect, test } from 'vitest';
import { KEPT, keptOf } from '../../validators/kept.ts';

const file = (name: string, size = 1) => ({ name, bytes: Buffer.alloc(size) });
const names = (files: readonly { name: string }[]) => files.map(({ name }) => name);

test('everything is kept where it fits, reports first', () => {
  const { kept, notes } = keptOf([file('b.zip'), file('a.png'), file('junit.xml')], 0);
  expect(names(kept)).toEqual(['junit.xml', 'a.png', 'b.zip']);
  expect(notes).toEqual([]);
});

describe('what does not fit is left out and said', () => {
  test('by its number', () => {
    const many = Array.from({ length: KEPT.files + 5 }, (_, at) => file(`${at}.zip`));
    const { kept, notes } = keptOf([...many, file('junit.xml')], 0);
    expect(kept).toHaveLength(KEPT.files);
    expect(names(kept)).toContain('junit.xml');
    expect(notes).toMatchObject([
      {
        code: 'evidence_cut',
        message: expect.stringContaining(`${KEPT.files} of ${KEPT.files + 6}`),
      },
    ]);
  });

  test('by its size, and what is small after it is kept', () => {
    const { kept, notes } = keptOf([file('a.zip', KEPT.bytes), file('b.webm', 1)], 0);
    expect(names(kept)).toEqual(['a.zip']);
    expect(notes).toHaveLength(1);
    const large = keptOf([file('a.zip', KEPT.bytes + 1), file('b.webm', 1)], 0);
    expect(names(large.kept)).toEqual(['b.webm']);
  });

  test('when the sandbox left more than was read', () => {
    expect(keptOf([file('a.png')], 3).notes).toMatchObject([
      { message: expect.stringContaining('1 of 4 files were kept') },
    ]);
  });
});
