/** What a cart costs, in whole cents. Three or more of the same product are 10% off. */
import type { Cart, CartItem } from './cart.ts';

export const BUNDLE_QUANTITY = 3;
export const BUNDLE_PERCENT = 10;
export const DELIVERY_CENTS = 490;
export const FREE_DELIVERY_FROM_CENTS = 6000;

export type Total = {
  readonly linesCents: number;
  readonly savedCents: number;
  readonly deliveryCents: number;
  readonly totalCents: number;
};

export function lineCents({ product, quantity }: CartItem): number {
  const dollars = (product.cents / 100) * quantity;
  const percent = quantity >= BUNDLE_QUANTITY ? BUNDLE_PERCENT : 0;
  return Math.round(dollars * (1 - percent / 100) * 100);
}

export function cartTotal(cart: Cart): Total {
  const full = cart.reduce((sum, item) => sum + item.product.cents * item.quantity, 0);
  const linesCents = cart.reduce((sum, item) => sum + lineCents(item), 0);
  const free = cart.length === 0 || linesCents >= FREE_DELIVERY_FROM_CENTS;
  const deliveryCents = free ? 0 : DELIVERY_CENTS;
  return {
    linesCents,
    savedCents: full - linesCents,
    deliveryCents,
    totalCents: linesCents + deliveryCents,
  };
}
