import { expect, test } from 'vitest';
import { browse, findProduct, parseKind } from '../../src/catalog/find.ts';
import { PRODUCTS } from '../../src/catalog/products.ts';

test('every product has its own id and a price in whole cents', () => {
  expect(new Set(PRODUCTS.map(({ id }) => id)).size).toBe(PRODUCTS.length);
  expect(PRODUCTS.every(({ cents }) => Number.isInteger(cents) && cents > 0)).toBe(true);
});

test('browsing a kind shows that kind only', () => {
  expect(browse('cups').map(({ id }) => id)).toEqual(['enamel-mug', 'stoneware-cup']);
  expect(browse(null)).toHaveLength(PRODUCTS.length);
});

test('an unknown product or kind is nothing, not an error', () => {
  expect(findProduct('gold-bar')).toBeNull();
  expect(parseKind('shoes')).toBeNull();
});
