/**
 * A visitor's cart: which products, and how many of each. It lives in a cookie, so whatever comes
 * back is checked: unknown products and odd quantities are dropped.
 */
import { findProduct } from '../catalog/find.ts';
import type { Product } from '../catalog/products.ts';

export const QUANTITY_MAX = 99;

export type CartItem = { readonly product: Product; readonly quantity: number };
export type Cart = readonly CartItem[];

export function addToCart(cart: Cart, product: Product, quantity = 1): Cart {
  const held = cart.find((item) => item.product.id === product.id)?.quantity ?? 0;
  return setQuantity(cart, product, held + quantity);
}

/** Zero or less takes the product out. */
export function setQuantity(cart: Cart, product: Product, quantity: number): Cart {
  const item = { product, quantity: Math.min(quantity, QUANTITY_MAX) };
  const known = cart.some((other) => other.product.id === product.id);
  const items = known
    ? cart.map((other) => (other.product.id === product.id ? item : other))
    : [...cart, item];
  return items.filter((other) => other.quantity > 0);
}

export function countItems(cart: Cart): number {
  return cart.reduce((count, item) => count + item.quantity, 0);
}

export function formatCart(cart: Cart): string {
  return cart.map(({ product, quantity }) => `${product.id}:${quantity}`).join('.');
}

export function parseCart(text: string): Cart {
  return text.split('.').reduce<Cart>((cart, part) => {
    const [, id = '', digits = ''] = /^([a-z-]{1,40}):([1-9][0-9]?)$/.exec(part) ?? [];
    const product = findProduct(id);
    return product === null ? cart : setQuantity(cart, product, Number(digits));
  }, []);
}
