/** The shop, broken in one way at a time: each is found where it is, and by nothing else. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { shopIn, testFactory } from '../support.ts';
import { checkingOn } from './checking.ts';

const DEFINITION = {
  app: { run: ['node', 'src/server.ts'], port: 3000 },
  pages: [
    { name: 'home', path: '/' },
    { name: 'product', path: '/products/enamel-mug' },
  ],
  visualFailAbove: 0.5,
  timeoutMs: 400_000,
};

const STYLE = 'src/pages/style.css';
const style = (rule: string): string => `printf '%s\\n' '${rule}' >> ${STYLE}`;
const CHANGES = [
  {
    breaks: 'only visibly',
    script: style('.hero { padding-top: 9rem; }'),
    finding: {
      code: 'page_changed',
      where: '/',
      message: expect.stringMatching(/^\/ looks different: .*desktop.*phone.*allows 0.5 %$/),
    },
  },
  {
    // The shop's own security policy forbids it, so that nothing changes but what the console says.
    breaks: 'only in the console',
    script: `sed -i 's#<h1>\${product.name}</h1>#<h1 style="margin:0">\${product.name}</h1>#' src/pages/catalog-pages.ts`,
    finding: {
      code: 'page_console_error',
      where: '/products/enamel-mug',
      message: expect.stringContaining('Content Security Policy'),
    },
  },
  {
    breaks: 'only on a phone',
    script: style(
      '.product::after { content: ""; position: absolute; left: 0; width: 26rem; height: 1px; }',
    ),
    finding: {
      code: 'page_overflow',
      where: '/products/enamel-mug',
      message: expect.stringMatching(/^\/products\/enamel-mug on a phone: the page is \d+ pixels/),
    },
  },
  {
    breaks: 'only for a keyboard',
    script: `sed -i 's#<button class="button">Add to cart#<button class="button" tabindex="-1">Add to cart#' src/pages/catalog-pages.ts`,
    finding: {
      code: 'page_keyboard',
      where: '/products/enamel-mug',
      message:
        '/products/enamel-mug on a desktop and a phone: Tab never comes to <button> "Add to cart"',
    },
  },
];

test('four changes that break the shop in one way each come to four findings, and nothing else', async () => {
  const factory = await testFactory('pages-shop');
  const shop = await shopIn(factory.home);
  const before = readFileSync(path.join(shop, STYLE), 'utf8');
  const { check } = await checkingOn(factory, shop);
  for (const { breaks, script, finding } of CHANGES) {
    const said = await check(script, DEFINITION);
    expect(said.tests, breaks).toMatchObject({ run: 3, failed: 0 });
    expect(said.findings, breaks).toEqual([{ validator: 'e2e', ...finding }]);
    expect(said.verdict, breaks).toBe('failed');
    const diffs = said.evidence.filter(({ name }) => name.endsWith('-diff.png'));
    if (breaks === 'only visibly') expect(diffs).toHaveLength(2);
  }
  expect(readFileSync(path.join(shop, STYLE), 'utf8')).toBe(before);
});

test('the shop as it is has no problem on any of its pages', async () => {
  const factory = await testFactory('pages-shop-clean');
  const { check } = await checkingOn(factory, await shopIn(factory.home));
  const paths = ['/', '/cart', '/sign-in', '/?kind=cups', '/products/enamel-mug'];
  const pages = paths.map((where, at) => ({ name: `page-${at}`, path: where }));
  const said = await check('echo >> README.md', { ...DEFINITION, pages, visualFailAbove: 0 });
  expect(said).toMatchObject({ verdict: 'passed', findings: [] });
  expect(said.notes).toBeUndefined();
});
