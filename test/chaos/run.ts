/**
 * The long form of what the tests try a few times: `npm run chaos -- --cycles 500 --runs 20 --seed 1`.
 * Exits with 1 at the first thing that is left over, published twice or not at all.
 */
import { parseArgs } from 'node:util';
import { cycles } from './cycles.ts';
import { openHouse } from './house.ts';
import { killed } from './kills.ts';

/** Controllers live up to this long; starting one takes a part of it. */
const LIFE_MS = 12_000;
const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '500' },
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const say = (text: string): boolean => process.stderr.write(`chaos: ${text}\n`);

const house = await openHouse();
try {
  say(`seed ${values.seed}`);
  const left = await cycles(house, Number(values.cycles), (done) => {
    if (done % 50 === 0) say(`${done} workspaces opened and closed, nothing left`);
  });
  if (left.length > 0) fail(left);
  const random = randomFrom(Number(values.seed));
  for (let run = 1; run <= Number(values.runs); run += 1) {
    const { kills, wrong } = await killed(house, () => 300 + random() * LIFE_MS);
    if (wrong.length > 0) fail(wrong);
    else say(`run ${run}: published once after ${kills} kills, nothing left`);
  }
} finally {
  await house.close();
}

function fail(wrong: readonly string[]): void {
  process.exitCode = 1;
  for (const one of wrong) say(`WRONG: ${one}`);
}

/** mulberry32: the same seed kills at the same moments. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
