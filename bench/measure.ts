/** Times things in turn, so that a machine that slows down slows both sides of a ratio. */
export type Row = {
  readonly what: string;
  readonly unit: 'ms' | 'MiB' | 's';
  readonly values: readonly number[];
  /** The row that this one is measured against, and the bound on it in words. */
  readonly against: { readonly floor: string; readonly bound: string } | null;
};

export type Arm = {
  readonly what: string;
  readonly against: Row['against'];
  /** One go, in milliseconds. */
  readonly go: () => Promise<number>;
};

/** Each arm once to warm up, then all in turn, `n` times. */
export async function inTurn(n: number, arms: readonly Arm[]): Promise<Row[]> {
  for (const { go } of arms) await go();
  const values = arms.map((): number[] => []);
  for (let round = 0; round < n; round += 1) {
    for (const [at, { go }] of arms.entries()) values[at]?.push(await go());
  }
  return arms.map(({ what, against }, at) => ({
    what,
    unit: 'ms',
    values: values[at] ?? [],
    against,
  }));
}

export async function timed(work: () => unknown): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

export function spread(values: readonly number[]): { min: number; median: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = 0, high = 0] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { min: sorted[0] ?? 0, median: (low + high) / 2, max: sorted.at(-1) ?? 0 };
}

/** Where the slow ones are. Of fewer than a hundred values the last is the largest. */
export function tails(rows: readonly Row[]): string {
  const head = ['WHAT', 'N', 'P50', 'P95', 'P99', 'UNIT'];
  const cells = rows.map(({ what, values, unit }) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1);
    return [what, String(values.length), at(0.5), at(0.95), at(0.99), unit];
  });
  return aligned([head, ...cells]);
}

/** A row for each measurement, with its ratio to the median of its floor in the same run. */
export function table(rows: readonly Row[]): string {
  const head = ['WHAT', 'N', 'MIN', 'MEDIAN', 'MAX', 'UNIT', 'TO FLOOR', 'BOUND'];
  const cells = rows.map((row) => {
    const { min, median, max } = spread(row.values);
    return [
      row.what,
      String(row.values.length),
      ...[min, median, max].map((value) => value.toFixed(value < 100 ? 2 : 0)),
      row.unit,
      comparison(row, rows),
      row.against?.bound ?? (isFloor(row, rows) ? 'floor' : ''),
    ];
  });
  return aligned([head, ...cells]);
}

export function aligned(all: readonly (readonly string[])[]): string {
  const widths = (all[0] ?? []).map((_, column) =>
    Math.max(...all.map((line) => line[column]?.length ?? 0)),
  );
  return all
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

function isFloor({ what }: Row, rows: readonly Row[]): boolean {
  return rows.some(({ against }) => against?.floor === what);
}

function comparison({ values, against }: Row, rows: readonly Row[]): string {
  const floor = rows.find(({ what }) => what === against?.floor);
  if (floor === undefined) return '';
  const own = spread(values).median;
  const other = spread(floor.values).median;
  const more = own - other;
  return `${(own / other).toFixed(2)} x, ${more < 0 ? '' : '+'}${more.toFixed(2)} ms`;
}
