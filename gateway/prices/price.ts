/** What a model costs now: by its operator's word, by the policy's, or by the table. */
import { FREE, type Price } from '../../orchestrator/domain/money.ts';
import { listedPrice } from './table.ts';

export type Priced = {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly price: Price | null;
};

/** Null when nobody knows. `free` holds the models that the policy says cost nothing. */
export function priceAt(upstream: Priced, free: readonly string[], at: Date): Price | null {
  if (upstream.price !== null) return upstream.price;
  if (free.includes(upstream.id)) return FREE;
  return listedPrice(upstream, at.toISOString().slice(0, 10));
}

/** What a policy's names and limits are held against. */
export function priceFact(
  upstream: Priced & { readonly name: string },
  at: Date,
): { readonly id: string; readonly shown: string; readonly isPriced: boolean } {
  const { id, name } = upstream;
  return { id, shown: name, isPriced: priceAt(upstream, [], at) !== null };
}
