/**
 * What the gateway costs, beside the same upstream asked directly and beside another gateway:
 *
 *   npm run bench:gateway              300 calls at once, 1,200 and 3,200 at 8 and 32 connections
 *   npm run bench:gateway -- --quick   a tenth of that
 *
 * The upstream and each gateway are processes of their own, so that nobody's work is in another's
 * memory or on another's event loop. Ours has the ledger that a run has, on disk. The other is
 * Portkey's, from the npm registry, in a folder of its own (bench/peers): its tree of packages is
 * three times ours and nobody else needs it. Without it the bench says so and measures the rest.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Door, type Load, measured } from './gateway/load.ts';
import { loads, open, type Peer } from './gateway/peers.ts';
import { aligned } from './measure.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const share = values.quick ? 0.1 : 1;
const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-'));
const peers: Peer[] = await open(scratch);
try {
  const head = [
    'WHAT',
    'CONN',
    'CALLS',
    'P50',
    'P95',
    'P99',
    '+P50',
    '+P95',
    '+P99',
    'CALLS/S',
    'RSS',
  ];
  // As they come: the whole takes some minutes.
  for (const load of loads(share)) {
    process.stdout.write(`${aligned([head, ...(await rowsOf(load))])}

`);
  }
  process.stdout.write('ms to the end of the answer; RSS in MiB at the end of the load\n');
} finally {
  for (const { close } of peers) close();
  await rm(scratch, { recursive: true, force: true });
}

/** All of them in turn for each load, so that a machine that slows down slows them alike. */
async function rowsOf(load: Load): Promise<string[][]> {
  process.stderr.write(`bench: ${load.what}, ${load.connections} connections\n`);
  const rows: string[][] = [];
  let floor: readonly number[] | null = null;
  for (const { name, door, pid } of peers) {
    const row = await rowOf(name, { load, door, floor });
    floor ??= row.tails;
    rows.push([...row.cells, pid === null ? '' : rss(pid)]);
  }
  return rows;
}

async function rowOf(
  name: string,
  { load, door, floor }: { load: Load; door: Door; floor: readonly number[] | null },
): Promise<{ cells: string[]; tails: readonly number[] }> {
  const what = `${load.what}, ${name}`;
  const shown = [what, String(load.connections), String(load.calls)];
  const found = await measured(load, door);
  if (typeof found === 'string') return { cells: [...shown, found], tails: [] };
  const { tails, perSecond } = found;
  const more = tails.map((value, at) =>
    floor === null ? '' : (value - (floor[at] ?? 0)).toFixed(2),
  );
  const cells = [
    ...shown,
    ...tails.map((value) => value.toFixed(2)),
    ...more,
    perSecond.toFixed(0),
  ];
  return { cells, tails };
}

function rss(pid: number): string {
  const kib = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]).toString());
  return (kib / 1024).toFixed(0);
}
