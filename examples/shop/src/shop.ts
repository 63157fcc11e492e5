/** The shop: which address shows or does what. Holds no state but the database it is given. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { type Account, accountById, signIn } from './auth/accounts.ts';
import {
  clearedSessionCookie,
  openSession,
  readSession,
  SESSION_COOKIE,
  sealSession,
  sessionCookie,
} from './auth/session.ts';
import { signInPage } from './auth/sign-in-page.ts';
import {
  addToCart,
  type Cart,
  countItems,
  formatCart,
  parseCart,
  setQuantity,
} from './cart/cart.ts';
import { cartTotal } from './cart/total.ts';
import { browse, findProduct, parseKind } from './catalog/find.ts';
import type { Product } from './catalog/products.ts';
import { type Answer, BadRequest, readCookies, readForm, redirect, send } from './http.ts';
import { cartPage, paidPage } from './pages/cart-pages.ts';
import { catalogPage, productPage } from './pages/catalog-pages.ts';
import { type Html, html } from './pages/html.ts';
import { layout } from './pages/layout.ts';
import { charge, paymentById } from './payments/ledger.ts';

export type ShopOptions = {
  readonly db: DatabaseSync;
  /** Signs the session cookies. */
  readonly secret: string;
  readonly nowMs: () => number;
};

type Visit = {
  readonly shop: ShopOptions;
  readonly url: URL;
  readonly cart: Cart;
  readonly account: Account | null;
  /** Empty unless the visitor sent a form. */
  readonly form: URLSearchParams;
};
type Route = (visit: Visit, part: string) => Answer;

const STYLE = readFileSync(new URL('./pages/style.css', import.meta.url), 'utf8');

const ROUTES: readonly (readonly [string, RegExp, Route])[] = [
  ['GET', /^\/$/, showCatalog],
  ['GET', /^\/products\/([a-z-]+)$/, showProduct],
  ['GET', /^\/cart$/, showCart],
  ['GET', /^\/sign-in$/, showSignIn],
  ['GET', /^\/orders\/([1-9]\d{0,9})$/, showOrder],
  ['GET', /^\/style\.css$/, () => ({ status: 200, type: 'text/css; charset=utf-8', body: STYLE })],
  ['POST', /^\/cart\/add$/, addItem],
  ['POST', /^\/cart\/set$/, setItem],
  ['POST', /^\/sign-in$/, doSignIn],
  ['POST', /^\/sign-out$/, () => redirect('/', clearedSessionCookie())],
  ['POST', /^\/checkout$/, checkOut],
];

export function shop(options: ShopOptions): RequestListener {
  return async (request, response) => {
    send(response, await answer(options, request).catch(refusal));
  };
}

function refusal(error: unknown): Answer {
  const [status, text] =
    error instanceof BadRequest ? [error.status, error.message] : [500, 'Something broke.'];
  return { status, type: 'text/plain; charset=utf-8', body: text };
}

async function answer(options: ShopOptions, request: IncomingMessage): Promise<Answer> {
  const visit = await readVisit(options, request);
  for (const [method, pattern, route] of ROUTES) {
    const match = method === request.method ? pattern.exec(visit.url.pathname) : null;
    if (match) return route(visit, match[1] ?? '');
  }
  return notFound(visit);
}

async function readVisit(options: ShopOptions, request: IncomingMessage): Promise<Visit> {
  const cookies = readCookies(request.headers.cookie);
  const cookie = cookies.get(SESSION_COOKIE) ?? '';
  const session = readSession(cookie, options.secret, options.nowMs());
  return {
    shop: options,
    url: new URL(`http://shop${request.url?.startsWith('/') ? request.url : '/'}`),
    cart: parseCart(cookies.get('cart') ?? ''),
    account: session && accountById(options.db, session.account),
    form: request.method === 'POST' ? await readForm(request) : new URLSearchParams(),
  };
}

function showCatalog(visit: Visit): Answer {
  const kind = parseKind(visit.url.searchParams.get('kind'));
  return page(visit, 'Shop', catalogPage(browse(kind), kind));
}

function showProduct(visit: Visit, id: string): Answer {
  const product = findProduct(id);
  return product ? page(visit, product.name, productPage(product)) : notFound(visit);
}

function showCart(visit: Visit): Answer {
  const checkout = { signedIn: visit.account !== null, key: randomUUID() };
  return page(visit, 'Cart', cartPage(visit.cart, checkout));
}

function showSignIn(visit: Visit): Answer {
  return page(visit, 'Sign in', signInPage('', false));
}

function showOrder(visit: Visit, id: string): Answer {
  const payment = paymentById(visit.shop.db, Number(id));
  // Another person's order answers like one that does not exist.
  if (payment === null || payment.account !== visit.account?.id) return notFound(visit);
  return page(visit, 'Thank you', paidPage(payment));
}

function addItem({ cart, form }: Visit): Answer {
  return redirect('/cart', cartCookie(addToCart(cart, productOf(form), quantityOf(form))));
}

function setItem({ cart, form }: Visit): Answer {
  return redirect('/cart', cartCookie(setQuantity(cart, productOf(form), quantityOf(form))));
}

function doSignIn(visit: Visit): Answer {
  const { db, secret, nowMs } = visit.shop;
  const email = visit.form.get('email') ?? '';
  const account = signIn(db, email, visit.form.get('password') ?? '');
  if (account === null) return page(visit, 'Sign in', signInPage(email, true), 401);
  const session = openSession(account.id, nowMs());
  return redirect(
    visit.cart.length > 0 ? '/cart' : '/',
    sessionCookie(sealSession(session, secret)),
  );
}

function checkOut({ shop: { db, nowMs }, account, cart, form }: Visit): Answer {
  if (account === null) return redirect('/sign-in');
  if (cart.length === 0) return redirect('/cart');
  const payment = charge(db, {
    key: form.get('key') ?? '',
    account: account.id,
    cents: cartTotal(cart).totalCents,
    at: new Date(nowMs()).toISOString(),
  });
  return redirect(`/orders/${payment.id}`, cartCookie([]));
}

function productOf(form: URLSearchParams): Product {
  const product = findProduct(form.get('id') ?? '');
  if (product === null) throw new BadRequest(400, 'There is no such product.');
  return product;
}

function quantityOf(form: URLSearchParams): number {
  const text = form.get('quantity') ?? '';
  if (!/^\d{1,2}$/.test(text)) throw new BadRequest(400, 'The quantity is a number from 0 to 99.');
  return Number(text);
}

function cartCookie(cart: Cart): string {
  return `cart=${formatCart(cart)}; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800`;
}

function notFound(visit: Visit): Answer {
  const body = html`<section class="card narrow"><h1>Not here</h1>
    <p class="quiet">This page does not exist, or not for you.</p><a class="button" href="/">Back to the shop</a></section>`;
  return page(visit, 'Not here', body, 404);
}

function page(visit: Visit, title: string, body: Html, status = 200): Answer {
  const visitor = { name: visit.account?.name ?? null, items: countItems(visit.cart) };
  return { status, body: layout(title, visitor, body) };
}
