import { describe, expect, test } from 'vitest';
import { readLooks } from '../../../validators/pages/report.ts';

const LOOK = {
  ...{ name: 'cart', width: 'phone', picture: 'pages/cart-phone.png', change: null },
  ...{ cut: [], unseen: [] },
  problems: [{ code: 'page_keyboard', key: 'missed a', message: 'Tab never comes to a', count: 1 }],
};
const file = (text: string, name = 'pages.json') => ({ name, bytes: Buffer.from(text) });
const report = (over: object, look: object = {}) =>
  file(JSON.stringify({ version: 1, looks: [{ ...LOOK, ...look }], ...over }));

test('a report is read as it is', () => {
  expect(readLooks([report({})])).toEqual({ version: 1, looks: [LOOK] });
});

describe('it is not read', () => {
  const [problem] = LOOK.problems;
  test.each([
    ['when there is none', [], 'there is no report'],
    ['under another name', [{ ...report({}), name: 'pages/pages.json' }], 'there is no report'],
    ['when it is no JSON', [file('{"version":1')], 'not as ours are'],
    ['when it is of another version', [report({ version: 2 })], 'at version'],
    ['with a key that nobody knows', [report({ verdict: 'passed' })], 'not as ours are'],
    ['with a picture elsewhere', [report({}, { picture: '../../etc/passwd' })], 'looks.0.picture'],
    [
      'with a code of another check',
      [report({}, { problems: [{ ...problem, code: 'no_tests' }] })],
      'code',
    ],
    [
      'with a share beyond the whole',
      [report({}, { change: { pixels: 1, share: 2, picture: null } })],
      'share',
    ],
    [
      'with more looks than pages',
      [report({ looks: Array.from({ length: 41 }, () => LOOK) })],
      'looks',
    ],
    ['with a sentence without end', [report({}, { cut: ['x'.repeat(401)] })], 'looks.0.cut.0'],
    ['when it is larger than any', [file(' '.repeat(4 * 2 ** 20 + 1))], 'over 4 MiB'],
  ])('%s', (_, files, why) => {
    expect(readLooks(files)).toEqual({ unreadable: expect.stringContaining(why) });
  });
});
