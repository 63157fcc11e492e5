/** EVD-05: somebody changes the audit log of a data directory. Each attack first works on something weaker. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { hashOf, lineOf, recordOf } from '../../../orchestrator/domain/audit.ts';
import { verifyChain } from '../../../orchestrator/domain/audit-verify.ts';
import { openKeys } from '../../../orchestrator/store/keys.ts';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import { sampleTask } from '../../contracts/samples.ts';
import { EVIDENCE_ROWS as ROWS } from '../../red-team/evidence/rows.ts';
import { forged, rechained } from '../domain/audit-logs.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { checkpointsOf, databaseOf, linesIn, logOf, verifyHome } from './audit-home.ts';

/** A log of six records whose last one a checkpoint vouches for. */
async function kept() {
  const home = temporaryFolder();
  const time = { now: Date.parse('2026-03-01T10:00:00.000Z') };
  const store = openSqliteStore(databaseOf(home), () => new Date(time.now));
  onTestFinished(() => store.close());
  for (const number of [1, 2, 3, 4, 5]) await store.addTask(sampleTask(number));
  time.now += 600_000;
  await store.audit.publish();
  const records = linesIn(logOf(home)).flatMap((line) => recordOf(line.trimEnd()) ?? []);
  expect(records).toHaveLength(6);
  expect(await verifyHome(home)).toMatchObject({ status: 'intact', signedTo: 5 });
  return { home, store, records };
}

type Records = Awaited<ReturnType<typeof kept>>['records'];

const write = (home: string, records: Records): void =>
  writeFileSync(logOf(home), records.map((record) => `${lineOf(record)}\n`).join(''));

/** What a check finds that takes the chain alone. */
const chainAlone = (home: string) =>
  verifyChain(linesIn(logOf(home)), [], openKeys(home, () => new Date()).trusted('audit'));

test(ROWS.edited.attack, async () => {
  const { home, records } = await kept();
  const anew = rechained(records.with(2, forged(records[2], { data: { base: 'main' } })), 2);
  write(home, anew);
  expect(await chainAlone(home)).toMatchObject({
    status: 'incomplete',
    code: 'unsigned',
    records: 6,
  });
  expect(await verifyHome(home)).toMatchObject({ status: 'tampered', code: 'checkpoint_mismatch' });
});

test(ROWS.truncated.attack, async () => {
  const { home, records } = await kept();
  write(home, records.slice(0, 4));
  expect(await chainAlone(home)).toMatchObject({ code: 'unsigned', records: 4 });
  expect(await verifyHome(home)).toMatchObject({
    ...{ status: 'tampered', code: 'truncated_behind_checkpoint', seq: 4 },
  });
});

test(ROWS.reordered.attack, async () => {
  const { home, records } = await kept();
  const [third, fourth] = records.slice(3, 5);
  if (third === undefined || fourth === undefined) throw new Error('the sample has six records');
  write(home, records.with(3, fourth).with(4, third));
  const read = linesIn(logOf(home)).map((line) => recordOf(line.trimEnd()));
  expect(read.every((record) => record !== null && hashOf(record) === record.hash)).toBe(true);
  expect(await verifyHome(home)).toMatchObject({ status: 'tampered', code: 'reordered', seq: 3 });
});

test(ROWS.torn.attack, async () => {
  const half = '{"actor":"contr';
  const weak = await kept();
  const next = linesIn(logOf(weak.home)).at(-1) ?? '';
  appendFileSync(logOf(weak.home), `${half}${next}`);
  expect(await verifyHome(weak.home)).toMatchObject({ status: 'tampered', code: 'not_a_record' });

  const { home, store } = await kept();
  appendFileSync(logOf(home), half);
  expect(await verifyHome(home)).toMatchObject({ status: 'incomplete', code: 'torn_tail' });
  await store.addTask(sampleTask(6));
  expect(await verifyHome(home)).toMatchObject({ status: 'intact', records: 7 });
  expect(linesIn(checkpointsOf(home)).length).toBeGreaterThan(0);
});
