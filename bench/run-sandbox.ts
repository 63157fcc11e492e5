/**
 * What sandboxes, workspaces of large repositories and tunnels cost, each number beside a floor of the same minutes:
 *
 *   npm run bench:sandbox              n = 30; 13,000 and 100,000 files with 20,000 commits; 500 cycles
 *   npm run bench:sandbox -- --quick   n = 1; 1,000 files with 200 commits; 5 cycles
 *
 * Needs the engine and the images. What it makes, it removes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SHOP } from '../orchestrator/commands/demo-shop.ts';
import {
  chooseModel,
  openFactory,
  openModel,
  runtimeFolder,
  unmountAll,
} from '../orchestrator/compose.ts';
import { egressRows } from './egress.ts';
import { lifecycleRows } from './lifecycle.ts';
import { table, tails } from './measure.ts';
import { sandboxRows } from './sandboxes.ts';
import { type Size, workspaceRows } from './workspaces.ts';

const FULL: Size = { n: 30, cycles: 500, commits: 20_000, files: [13_000, 100_000] };
const QUICK: Size = { n: 1, cycles: 5, commits: 200, files: [1000] };

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-'));
const model = await openModel(chooseModel({}, path.join(SHOP, 'models')));
const home = path.join(scratch, 'home');
const factory = openFactory({
  ...{ home, model, secrets: [], above: [], runtime: null },
  clock: () => new Date(),
});
try {
  const size = values.quick ? QUICK : FULL;
  // The quick form of these is in the quick form of `npm run bench`.
  const small = {
    sandboxes: () => sandboxRows(size.n, factory, scratch),
    'starts and pulse': () => lifecycleRows(size.n, factory),
    tunnels: () => egressRows(size.n, scratch),
  };
  const parts = {
    ...(values.quick ? {} : small),
    'large repositories': () => workspaceRows(size, factory, scratch),
  };
  // Each by itself: a floor counts for what was measured in turn with it.
  for (const [name, measure] of Object.entries(parts)) {
    process.stderr.write(`bench: ${name}\n`);
    const rows = await measure();
    process.stdout.write(`${table(rows)}\n\n${tails(rows)}\n\n`);
  }
} finally {
  await factory.engine.removeAll('instance');
  await unmountAll(factory.home);
  factory.close();
  await rm(runtimeFolder(factory.home), { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
}
