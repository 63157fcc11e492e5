/**
 * What workspaces of large repositories cost, each number beside a floor of the same minutes:
 *
 *   npm run bench:sandbox              n = 30; 13,000 and 100,000 files with 20,000 commits; 500 cycles
 *   npm run bench:sandbox -- --quick   n = 3; 1,000 files with 200 commits; 5 cycles
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
import { table, tails } from './measure.ts';
import { type Size, workspaceRows } from './workspaces.ts';

const FULL: Size = { n: 30, cycles: 500, commits: 20_000, files: [13_000, 100_000] };
const QUICK: Size = { n: 3, cycles: 5, commits: 200, files: [1000] };

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-'));
const model = await openModel(chooseModel({}, path.join(SHOP, 'models')));
const home = path.join(scratch, 'home');
const factory = openFactory({
  ...{ home, model, secrets: [], above: [], runtime: null },
  clock: () => new Date(),
});
try {
  const rows = await workspaceRows(values.quick ? QUICK : FULL, factory, scratch);
  process.stdout.write(`${table(rows)}\n\n${tails(rows)}\n`);
} finally {
  await factory.engine.removeAll('instance');
  await unmountAll(factory.home);
  factory.close();
  await rm(runtimeFolder(factory.home), { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
}
