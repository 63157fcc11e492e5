/** What the shop sells. Prices are whole cents and include tax. */
export type Kind = 'coffee' | 'brewing' | 'cups';
export type Picture =
  | 'bag'
  | 'blue-bag'
  | 'cone'
  | 'filters'
  | 'grinder'
  | 'kettle'
  | 'mug'
  | 'cup'
  | 'jar';

export type Product = {
  readonly id: string;
  readonly name: string;
  readonly kind: Kind;
  readonly picture: Picture;
  readonly cents: number;
  readonly about: string;
};

export const PRODUCTS: readonly Product[] = [
  {
    id: 'house-espresso',
    name: 'House espresso, 250 g',
    kind: 'coffee',
    picture: 'bag',
    cents: 1245,
    about: 'Dark chocolate and walnut. The one we drink behind the counter.',
  },
  {
    id: 'morning-filter',
    name: 'Morning filter, 250 g',
    kind: 'coffee',
    picture: 'blue-bag',
    cents: 1390,
    about: 'A light roast with apricot and black tea. Best through paper.',
  },
  {
    id: 'cold-brew',
    name: 'Cold brew, one litre',
    kind: 'coffee',
    picture: 'jar',
    cents: 980,
    about: 'Steeped for eighteen hours. Keeps for ten days in the fridge.',
  },
  {
    id: 'pour-over-cone',
    name: 'Pour-over cone',
    kind: 'brewing',
    picture: 'cone',
    cents: 1800,
    about: 'Glazed stoneware for one or two cups, with a slow spiral inside.',
  },
  {
    id: 'paper-filters',
    name: 'Paper filters, 100',
    kind: 'brewing',
    picture: 'filters',
    cents: 495,
    about: 'Unbleached, made for the cone. Rinse once and forget they are there.',
  },
  {
    id: 'hand-grinder',
    name: 'Hand grinder',
    kind: 'brewing',
    picture: 'grinder',
    cents: 6400,
    about: 'Steel burrs, thirty clicks, forty turns for a cup.',
  },
  {
    id: 'gooseneck-kettle',
    name: 'Gooseneck kettle',
    kind: 'brewing',
    picture: 'kettle',
    cents: 7900,
    about: 'Pours where you point it. For gas, electric and induction.',
  },
  {
    id: 'enamel-mug',
    name: 'Enamel mug',
    kind: 'cups',
    picture: 'mug',
    cents: 1650,
    about: 'Light enough for a rucksack. Chips with dignity.',
  },
  {
    id: 'stoneware-cup',
    name: 'Stoneware cup',
    kind: 'cups',
    picture: 'cup',
    cents: 1495,
    about: 'Thrown two streets away. No two are quite alike.',
  },
];
