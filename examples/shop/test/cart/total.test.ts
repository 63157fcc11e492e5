import { expect, test } from 'vitest';
import { formatCents } from '../../src/cart/money.ts';
import { cartTotal, lineCents } from '../../src/cart/total.ts';
import { product } from '../product.ts';

test('one or two of a product cost their full price', () => {
  expect(lineCents({ product: product('enamel-mug'), quantity: 1 })).toBe(1650);
  expect(lineCents({ product: product('enamel-mug'), quantity: 2 })).toBe(3300);
});

test('three or more of the same product are ten per cent off', () => {
  expect(lineCents({ product: product('enamel-mug'), quantity: 3 })).toBe(4455);
  expect(lineCents({ product: product('paper-filters'), quantity: 4 })).toBe(1782);
});

test('delivery is added below sixty dollars and free from there on', () => {
  const below = cartTotal([{ product: product('pour-over-cone'), quantity: 1 }]);
  expect(below).toMatchObject({ deliveryCents: 490, totalCents: 2290 });
  const above = cartTotal([{ product: product('hand-grinder'), quantity: 1 }]);
  expect(above).toMatchObject({ deliveryCents: 0, totalCents: 6400 });
});

test('the total adds up all lines and says what was saved', () => {
  const cart = [
    { product: product('enamel-mug'), quantity: 3 },
    { product: product('morning-filter'), quantity: 1 },
  ];
  expect(cartTotal(cart)).toEqual({
    linesCents: 5845,
    savedCents: 495,
    deliveryCents: 490,
    totalCents: 6335,
  });
});

test('an empty cart costs nothing, delivery neither', () => {
  expect(cartTotal([]).totalCents).toBe(0);
});

test('cents are shown as dollars with two places', () => {
  expect([5, 490, 6400, -25].map(formatCents)).toEqual(['$0.05', '$4.90', '$64.00', '-$0.25']);
});
