import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../migrations/run.ts';
import { addAccount } from '../../src/auth/accounts.ts';
import { html } from '../../src/pages/html.ts';
import { shop } from '../../src/shop.ts';

let server: Server;
let url: string;

beforeAll(async () => {
  const db = openDatabase();
  addAccount(db, { email: 'ada@example.com', name: 'Ada', password: 'open sesame' });
  server = createServer(shop({ db, secret: 'a secret for tests', nowMs: () => 1_800_000_000_000 }));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  url = `http://127.0.0.1:${address.port}`;
});

afterAll(() => server.close());

type Headers = Record<string, string>;

function post(path: string, form: Record<string, string>, headers: Headers = {}) {
  const body = new URLSearchParams(form);
  return fetch(url + path, { method: 'POST', body, headers, redirect: 'manual' });
}

function cookieOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

test('the front page lists the catalogue', async () => {
  const page = await (await fetch(url)).text();
  expect(page.match(/data-testid="product"/g)).toHaveLength(9);
});

test('what is added shows up in the cart with its total', async () => {
  const added = await post('/cart/add', { id: 'enamel-mug', quantity: '3' });
  const page = await (await fetch(`${url}/cart`, { headers: { cookie: cookieOf(added) } })).text();
  expect(page).toContain('data-testid="total">$49.45<');
});

test('a signed-in visitor pays once, and only they see the order', async () => {
  const entered = await post('/sign-in', { email: 'ada@example.com', password: 'open sesame' });
  const cookie = `${cookieOf(entered)}; cart=hand-grinder:1`;
  const paid = await post('/checkout', { key: 'order-0001' }, { cookie });
  const again = await post('/checkout', { key: 'order-0001' }, { cookie });
  const order = paid.headers.get('location') ?? '';
  expect(again.headers.get('location')).toBe(order);
  expect(await (await fetch(url + order, { headers: { cookie } })).text()).toContain('$64.00');
  expect((await fetch(url + order)).status).toBe(404);
});

test('a wrong password signs nobody in', async () => {
  const response = await post('/sign-in', { email: 'ada@example.com', password: 'no' });
  expect(response.status).toBe(401);
  expect(response.headers.getSetCookie()).toEqual([]);
});

test('a form sent from another site is refused', async () => {
  const form = { id: 'enamel-mug', quantity: '1' };
  const response = await post('/cart/add', form, { origin: 'http://elsewhere.example' });
  expect(response.status).toBe(403);
});

test('an unknown product or quantity is refused', async () => {
  expect((await post('/cart/add', { id: 'gold-bar', quantity: '1' })).status).toBe(400);
  expect((await post('/cart/add', { id: 'enamel-mug', quantity: '-1' })).status).toBe(400);
});

test('text in a page stays text', () => {
  expect(html`<b>${'<script>"&'}</b>`.text).toBe('<b>&#60;script&#62;&#34;&#38;</b>');
});
