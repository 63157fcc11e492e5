/**
 * What deciding and checking a decision cost, without an engine and without images:
 *
 *   npm run bench:policy              n = 20
 *   npm run bench:policy -- --quick   n = 3
 */
import { parseArgs } from 'node:util';
import { evidenceRows } from './evidence.ts';
import { globRows } from './glob.ts';
import { table } from './measure.ts';
import { lintRows, policyRows } from './policy.ts';
import { simulateRows } from './simulate.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const n = values.quick ? 3 : 20;

const rows = [
  ...(await globRows(n)),
  ...(await policyRows(n)),
  ...(await lintRows(n)),
  ...(await simulateRows(n)),
  ...(await evidenceRows(n)),
];
process.stdout.write(`${table(rows)}\n`);
