/** The cart, and the page after paying. */
import type { Cart, CartItem } from '../cart/cart.ts';
import { formatCents } from '../cart/money.ts';
import { cartTotal, lineCents, type Total } from '../cart/total.ts';
import type { Payment } from '../payments/ledger.ts';
import { type Html, html } from './html.ts';
import { picture } from './pictures.ts';

export type Checkout = { readonly signedIn: boolean; readonly key: string };

export function cartPage(cart: Cart, checkout: Checkout): Html {
  if (cart.length === 0) {
    return html`<section class="card narrow"><h1>Your cart is empty</h1>
      <p class="quiet">The coffee is over there.</p><a class="button" href="/">See what we have</a></section>`;
  }
  return html`<h1>Your cart</h1>
    <div class="columns">
      <ul class="card lines">${cart.map(cartLine)}</ul>
      ${summary(cartTotal(cart), checkout)}
    </div>`;
}

export function paidPage(payment: Payment): Html {
  return html`<section class="card narrow">
    <h1>Thank you</h1>
    <p>We charged <strong data-testid="paid">${formatCents(payment.cents)}</strong>. Order number ${payment.id}.</p>
    <p class="quiet">It is a demo shop: nothing was paid, and nothing will come.</p>
    <a class="button" href="/">Back to the shop</a>
  </section>`;
}

function cartLine(item: CartItem): Html {
  const { product, quantity } = item;
  const saved = product.cents * quantity - lineCents(item);
  const note = saved > 0 ? html`<span class="tag">${formatCents(saved)} off</span>` : html``;
  return html`<li class="line-item" data-testid="cart-line">
    <div class="frame small">${picture(product.picture)}</div>
    <div class="what"><a href="/products/${product.id}">${product.name}</a>
      <span class="quiet">${formatCents(product.cents)} each</span></div>
    <form method="post" action="/cart/set" class="row">
      <input type="hidden" name="id" value="${product.id}">
      <input name="quantity" type="number" min="0" max="99" value="${quantity}" aria-label="Quantity of ${product.name}">
      <button class="button plain">Update</button>
    </form>
    <div class="sum"><span class="price">${formatCents(lineCents(item))}</span>${note}</div>
  </li>`;
}

function summary(total: Total, { signedIn, key }: Checkout): Html {
  const delivery = total.deliveryCents === 0 ? 'Free' : formatCents(total.deliveryCents);
  const pay = signedIn
    ? html`<form method="post" action="/checkout"><input type="hidden" name="key" value="${key}">
        <button class="button wide">Pay ${formatCents(total.totalCents)}</button></form>`
    : html`<a class="button wide" href="/sign-in">Sign in to pay</a>`;
  return html`<aside class="card summary">
    <dl>
      <div><dt>Goods</dt><dd>${formatCents(total.linesCents)}</dd></div>
      <div class="quiet"><dt>You save</dt><dd>${formatCents(total.savedCents)}</dd></div>
      <div><dt>Delivery</dt><dd>${delivery}</dd></div>
      <div class="all"><dt>Total</dt><dd data-testid="total">${formatCents(total.totalCents)}</dd></div>
    </dl>
    ${pay}
  </aside>`;
}
