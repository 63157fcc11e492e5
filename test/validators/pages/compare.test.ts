import { describe, expect, test } from 'vitest';
import { judgedPages } from '../../../validators/pages/compare.ts';
import type { Look, Problem } from '../../../validators/pages/report.ts';

const PAGES = [{ name: 'cart', path: '/cart' }];
const NARROW: Problem = {
  code: 'page_overflow',
  key: 'sideways',
  message: 'the page is 480 pixels wide',
  count: 1,
};
const PALE: Problem = {
  code: 'page_not_accessible',
  key: 'color-contrast',
  message: 'color-contrast: 2 places',
  count: 2,
};

const look = (width: Look['width'], over: Partial<Look> = {}): Look => ({
  ...{ name: 'cart', width, picture: null, change: null, cut: [], unseen: [], problems: [] },
  ...over,
});
const both = (problems: Problem[]): Look[] => [
  look('desktop', { problems }),
  look('phone', { problems }),
];
const changed = (share: number): Partial<Look> => ({
  change: { pixels: Math.ceil(share * 1000), share, picture: 'pages/cart-desktop-diff.png' },
});

const judged = (after: Look[], before: Look[] | null = both([]), failAbove: number | null = null) =>
  judgedPages({ pages: PAGES, before, after, failAbove });

test('pages without problems say nothing', () => {
  expect(judged(both([]))).toEqual({ findings: [], notes: [] });
});

test('what is wrong now and was not at the base is a finding, once for both widths', () => {
  expect(judged(both([PALE]))).toEqual({
    findings: [
      {
        code: 'page_not_accessible',
        message: '/cart on a desktop and a phone: color-contrast: 2 places',
        where: '/cart',
      },
    ],
    notes: [],
  });
});

test('what was already so is said, and held against nobody', () => {
  expect(judged(both([PALE]), both([PALE]))).toMatchObject({
    findings: [],
    notes: [{ code: 'page_not_accessible', message: expect.stringContaining('so at the base') }],
  });
});

describe('it counts as new', () => {
  test('at another width than before', () => {
    const after = [look('desktop'), look('phone', { problems: [NARROW] })];
    const before = [look('desktop', { problems: [NARROW] }), look('phone')];
    expect(judged(after, before).findings).toMatchObject([
      { message: '/cart on a phone: the page is 480 pixels wide' },
    ]);
  });

  test('in more places than before', () => {
    const fewer = both([{ ...PALE, count: 1 }]);
    expect(judged(both([PALE]), fewer).findings).toHaveLength(1);
  });

  test('on another page than before', () => {
    const other = both([PALE]).map((one) => ({ ...one, name: 'home' }));
    expect(judged(both([PALE]), other).findings).toHaveLength(1);
  });

  test('where nobody could look at the base', () => {
    expect(judged(both([PALE]), null).findings).toHaveLength(1);
  });
});

describe('a page that looks different', () => {
  const after = [look('desktop', changed(0.03)), look('phone')];

  test('is shown where the policy says nothing', () => {
    expect(judged(after)).toEqual({
      findings: [],
      notes: [
        {
          code: 'page_changed',
          message:
            '/cart looks different: 3.00 % of its picture on a desktop (pages/cart-desktop-diff.png)',
          where: '/cart',
        },
      ],
    });
  });

  test('fails above what the policy allows, and not at it', () => {
    expect(judged(after, both([]), 3).findings).toEqual([]);
    expect(judged(after, both([]), 2.9)).toMatchObject({
      findings: [{ code: 'page_changed', message: expect.stringContaining('allows 2.9 %') }],
      notes: [],
    });
  });
});

describe('a page that nobody looked at fails', () => {
  test.each([
    ['at one width', [look('desktop')], '/cart on a phone was not looked at'],
    [
      'in part',
      [look('desktop'), look('phone', { unseen: ['the keyboard could not be looked at: gone'] })],
      '/cart on a phone: the keyboard could not be looked at: gone',
    ],
  ])('%s', (_, after, message) => {
    expect(judged(after).findings).toEqual([{ code: 'page_not_seen', message, where: '/cart' }]);
  });
});

test('what was left out because it is too much is said', () => {
  const after = [
    look('desktop', { cut: ['the picture ends at 8000 of 20000 pixels'] }),
    look('phone'),
  ];
  expect(judged(after)).toMatchObject({ findings: [], notes: [{ code: 'evidence_cut' }] });
});
