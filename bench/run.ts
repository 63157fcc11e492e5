/**
 * What the factory costs, each number beside a floor that was measured in the same minutes:
 *
 *   npm run bench              n = 20
 *   npm run bench -- --quick   n = 1
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
  type Factory,
  openFactory,
  openModel,
  runtimeFolder,
  unmountAll,
} from '../orchestrator/compose.ts';
import { auditRows } from './audit.ts';
import { egressRows } from './egress.ts';
import { evidenceRows } from './evidence.ts';
import { gatewayRows } from './gateway.ts';
import { globRows } from './glob.ts';
import { lifecycleRows } from './lifecycle.ts';
import { type Row, table } from './measure.ts';
import { policyRows } from './policy.ts';
import { sandboxRows } from './sandboxes.ts';
import { shopRows } from './shop.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const n = values.quick ? 1 : 20;
/** Tails of a connection's time want more than the rest. */
const connections = values.quick ? 1 : 30;
const shopRuns = values.quick ? 1 : 5;

const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-'));
const factory = await open(path.join(scratch, 'home'));
try {
  say('policy');
  const rows: Row[] = await policyRows(n);
  rows.push(...(await globRows(n)));
  say('audit log');
  rows.push(...(await auditRows(n)));
  rows.push(...(await evidenceRows(n)));
  say('gateway');
  rows.push(...(await gatewayRows(n, scratch)));
  rows.push(...(await egressRows(connections, scratch)));
  say('sandboxes and workspaces');
  rows.push(...(await sandboxRows(n, factory, scratch)));
  rows.push(...(await lifecycleRows(n, factory)));
  say('the shop');
  rows.push(...(await shopRows(shopRuns, factory.home)));
  process.stdout.write(`${table(rows)}\n`);
} finally {
  await factory.engine.removeAll('instance');
  await unmountAll(factory.home);
  factory.close();
  await rm(runtimeFolder(factory.home), { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
}

async function open(home: string): Promise<Factory> {
  const model = await openModel(chooseModel({}, path.join(SHOP, 'models')));
  return openFactory({
    home,
    model,
    secrets: [],
    above: [],
    runtime: null,
    clock: () => new Date(),
  });
}

function say(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
}
