import { expect, test } from 'vitest';
import { addToCart, countItems, formatCart, parseCart, setQuantity } from '../../src/cart/cart.ts';
import { product } from '../product.ts';

const mug = product('enamel-mug');
const cone = product('pour-over-cone');

test('adding the same product twice makes one line of two', () => {
  const cart = addToCart(addToCart([], mug), mug);
  expect(cart).toEqual([{ product: mug, quantity: 2 }]);
});

test('a quantity of zero takes the line out', () => {
  const cart = addToCart(addToCart([], mug), cone);
  expect(setQuantity(cart, mug, 0)).toEqual([{ product: cone, quantity: 1 }]);
});

test('a line never holds more than 99', () => {
  expect(countItems(addToCart(addToCart([], mug, 60), mug, 60))).toBe(99);
});

test('a cart comes back from its cookie as it was', () => {
  const cart = addToCart(addToCart([], mug, 3), cone);
  expect(parseCart(formatCart(cart))).toEqual(cart);
});

test('a cookie that was played with loses its bad parts only', () => {
  expect(parseCart('gold-bar:1.enamel-mug:2.enamel-mug:-4.pour-over-cone:1e3.:')).toEqual([
    { product: mug, quantity: 2 },
  ]);
});
