import { findProduct } from '../src/catalog/find.ts';
import type { Product } from '../src/catalog/products.ts';

export function product(id: string): Product {
  const found = findProduct(id);
  if (found === null) throw new Error(`The catalogue has no ${id}`);
  return found;
}
