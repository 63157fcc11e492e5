/** The front page with the catalogue, and the page of one product. */
import { formatCents } from '../cart/money.ts';
import type { Kind, Product } from '../catalog/products.ts';
import { type Html, html } from './html.ts';
import { picture } from './pictures.ts';

const KINDS: readonly (readonly [Kind | null, string])[] = [
  [null, 'Everything'],
  ['coffee', 'Coffee'],
  ['brewing', 'Brewing'],
  ['cups', 'Cups'],
];

export function catalogPage(products: readonly Product[], chosen: Kind | null): Html {
  return html`<section class="hero">
    <h1>Good coffee, and what it takes to make it.</h1>
    <p>Small batches from a small street. Three or more of the same are 10% off.</p>
  </section>
  <nav class="kinds" aria-label="Kinds">${KINDS.map(([kind, label]) => kindLink(kind, label, kind === chosen))}</nav>
  <ul class="grid">${products.map(productCard)}</ul>`;
}

export function productPage(product: Product): Html {
  return html`<article class="product">
    <div class="frame">${picture(product.picture)}</div>
    <div>
      <p class="crumb"><a href="/?kind=${product.kind}">← ${kindLabel(product.kind)}</a></p>
      <h1>${product.name}</h1>
      <p class="price big">${formatCents(product.cents)}</p>
      <p>${product.about}</p>
      <form method="post" action="/cart/add" class="row">
        <input type="hidden" name="id" value="${product.id}">
        <label>Quantity <input name="quantity" type="number" min="1" max="99" value="1"></label>
        <button class="button">Add to cart</button>
      </form>
      <p class="quiet">Three or more are 10% off.</p>
    </div>
  </article>`;
}

function productCard(product: Product): Html {
  return html`<li class="card item" data-testid="product">
    <a href="/products/${product.id}"><div class="frame">${picture(product.picture)}</div><h2>${product.name}</h2></a>
    <p class="about">${product.about}</p>
    <form method="post" action="/cart/add" class="buy">
      <span class="price">${formatCents(product.cents)}</span>
      <input type="hidden" name="id" value="${product.id}"><input type="hidden" name="quantity" value="1">
      <button class="button" aria-label="Add ${product.name} to cart">Add</button>
    </form>
  </li>`;
}

function kindLink(kind: Kind | null, label: string, current: boolean): Html {
  const href = kind === null ? '/' : `/?kind=${kind}`;
  return current
    ? html`<a href="${href}" aria-current="page">${label}</a>`
    : html`<a href="${href}">${label}</a>`;
}

function kindLabel(kind: Kind): string {
  return KINDS.find(([id]) => id === kind)?.[1] ?? '';
}
