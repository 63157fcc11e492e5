/** A process of its own that uses a store, for tests that kill it or let several run at once. */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import {
  CLAIMED,
  FINISHED,
  NO_BUDGET,
  READY,
  sampleCall,
  sampleRun,
  sampleTask,
} from '../../contracts/samples.ts';

const [file = '', work = '', mark = '0'] = process.argv.slice(2);
const store = openSqliteStore(file, () => new Date());
// Unlike a stream, this has left the process when it returns, so a kill cannot take it back.
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

const works: Record<string, () => Promise<void>> = {
  claimAll: async () => {
    // Bounded, so that a store which frees what is held fails the test instead of hanging it.
    for (let claims = 0; claims < 500; claims++) {
      const lease = await store.claim();
      if (lease === null) return;
      say(`${lease.run} ${lease.token}`);
    }
  },
  claimAndHang: async () => {
    say(JSON.stringify(await store.claim()));
    setInterval(() => undefined, 1_000);
  },
  reserve: async () => {
    for (let index = 0; index < 25; index++) {
      const call = sampleCall(`${mark}-${index}`);
      const refused = await store.ledger.reserve(call, { ...NO_BUDGET, turns: 10 });
      say(refused === null ? 'made' : 'refused');
    }
  },
  spend: async () => {
    const account = 'organisation';
    const ceiling = { microUsd: 10_000, tokens: null, calls: null };
    const windows = [{ account, per: 'day' as const, ...ceiling }];
    for (let index = 0; index < 25; index++) {
      const call = sampleCall(`${mark}-${index}`, { run: sampleRun(Number(mark)) });
      const budget = { ...NO_BUDGET, accounts: [account], windows };
      const refused = await store.ledger.reserve(call, budget);
      if (refused === null) await store.ledger.settle({ ...call, state: 'settled' });
      say(refused === null ? String(call.microUsd) : 'refused');
    }
  },
  reserveAndHang: async () => {
    await store.ledger.reserve(sampleCall('hung'), { ...NO_BUDGET, turns: 1 });
    say('reserved');
    setInterval(() => undefined, 1_000);
  },
  appendForever: async () => {
    for (let number = Number(mark); ; number++) {
      await store.addTask(sampleTask(number));
      for (const [seq, event] of [CLAIMED, READY, FINISHED].entries()) {
        await store.append(sampleRun(number), seq, event, null);
        say(`${sampleRun(number)} ${seq}`);
      }
    }
  },
  queue: async () => {
    for (let number = 0; number < 40; number++)
      await store.addTask(sampleTask(Number(mark) + number));
  },
};

say('open');
await works[work]?.();
