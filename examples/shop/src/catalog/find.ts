/** Looking things up in the catalogue. Unknown ids are null, never an error: links get old. */
import { type Kind, PRODUCTS, type Product } from './products.ts';

export function findProduct(id: string): Product | null {
  return PRODUCTS.find((product) => product.id === id) ?? null;
}

/** All products of one kind, or all of them, in the order of the catalogue. */
export function browse(kind: Kind | null): readonly Product[] {
  return kind === null ? PRODUCTS : PRODUCTS.filter((product) => product.kind === kind);
}

export function parseKind(text: string | null): Kind | null {
  return text === 'coffee' || text === 'brewing' || text === 'cups' ? text : null;
}
