import { appendFileSync, copyFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditKeys, auditShow, auditVerify } from '../../../orchestrator/commands/audit.ts';
import { lineOf } from '../../../orchestrator/domain/audit.ts';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import { openDatabase } from '../../../orchestrator/store/database.ts';
import { logOf as chainOf, checkpointOf, forged, rechained } from '../domain/audit-logs.ts';
import { EVENTS, RUN, TASK, WAITING } from '../fixtures.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { checkpointsOf, databaseOf, edit, linesIn, logOf } from '../store/audit-home.ts';
import { type Desk, desk, journaled } from './context.ts';

const OWN = { file: null };

/** The exit code and what was found. */
async function verified(one: Desk, wanted: Parameters<typeof auditVerify>[1] = OWN) {
  const exit = await auditVerify({ ...one.context, json: true }, wanted);
  const { code, seq, journal, found } = JSON.parse(one.said.at(-1) ?? '');
  expect(found).toMatch(/^[A-Z].*\.$/);
  return { exit, code, seq, journal };
}

async function waiting(): Promise<Desk> {
  const one = desk();
  await journaled(one, WAITING);
  return one;
}

describe('our own log', () => {
  test('is intact when nobody touched it, and is held against the journal', async () => {
    const one = await waiting();
    expect(await verified(one)).toEqual({ exit: 0, code: null, seq: null, journal: 8 });
    await auditVerify(one.context, OWN);
    expect(one.said.at(-1)).toContain('verdict       intact');
  });

  test('that was never begun is incomplete', async () => {
    expect(await verified(desk())).toMatchObject({ exit: 4, code: 'empty' });
  });

  test('that lacks its end is incomplete until the next write', async () => {
    const one = await waiting();
    const { length } = linesIn(logOf(one.context.home)).slice(0, 5).join('');
    truncateSync(logOf(one.context.home), length);
    expect(await verified(one)).toMatchObject({ exit: 4, code: 'behind_journal', seq: 5 });
    await one.store.audit.publish();
    expect(await verified(one)).toMatchObject({ exit: 0 });
  });

  test('whose last line was torn is incomplete', async () => {
    const one = await waiting();
    appendFileSync(logOf(one.context.home), '{"act');
    expect(await verified(one)).toMatchObject({ exit: 4, code: 'torn_tail', seq: 8 });
  });

  test('with a torn checkpoint is what its other checkpoints say', async () => {
    const one = await waiting();
    appendFileSync(checkpointsOf(one.context.home), '{"payl');
    expect(await verified(one)).toMatchObject({ exit: 0 });
  });

  test('that was edited is not what was written', async () => {
    const one = await waiting();
    edit(logOf(one.context.home), (text) => text.replace('"critical"', '"low"'));
    expect(await verified(one)).toMatchObject({ exit: 1, code: 'hash_mismatch' });
  });

  test('that was edited and chained anew behind its checkpoint is unlike the journal', async () => {
    const one = await waiting();
    const records = [...(await one.store.audit.records(0))];
    const anew = rechained(records.with(5, forged(records[5], { data: {} })), 5);
    writeFileSync(logOf(one.context.home), anew.map((record) => `${lineOf(record)}\n`).join(''));
    expect(await verified(one)).toMatchObject({ exit: 1, code: 'differs_from_journal', seq: 5 });
  });

  test('that says more than the journal is unlike it', async () => {
    const one = await waiting();
    const database = openDatabase(databaseOf(one.context.home));
    database.exec('delete from audit where seq = 7');
    database.close();
    expect(await verified(one)).toMatchObject({ exit: 1, code: 'differs_from_journal', seq: 7 });
  });

  test('whose lines changed places is told by the first of them', async () => {
    const one = await waiting();
    const lines = linesIn(logOf(one.context.home));
    const [second = '', third = ''] = lines.slice(2);
    writeFileSync(logOf(one.context.home), lines.with(2, third).with(3, second).join(''));
    expect(await verified(one)).toMatchObject({ exit: 1, code: 'reordered', seq: 2 });
  });

  test('without its checkpoints is incomplete', async () => {
    const one = await waiting();
    rmSync(checkpointsOf(one.context.home));
    expect(await verified(one)).toMatchObject({ exit: 4, code: 'unsigned' });
  });
});

describe('a log that was handed over', () => {
  async function copied(): Promise<{ one: Desk; file: string; keys: string }> {
    const from = await waiting();
    const folder = temporaryFolder();
    const [file, keys] = [join(folder, 'log.jsonl'), join(folder, 'keys.json')];
    copyFileSync(logOf(from.context.home), file);
    copyFileSync(checkpointsOf(from.context.home), join(folder, 'checkpoints.jsonl'));
    await auditKeys(from.context);
    writeFileSync(keys, from.said.at(-1) ?? '');
    return { one: desk({ cwd: folder }), file, keys };
  }

  test('is checked with the keys that came with it, by somebody who has nothing else', async () => {
    const { one, file, keys } = await copied();
    expect(await verified(one, { file, keys: [keys] })).toEqual({
      ...{ exit: 0, code: null, seq: null, journal: null },
    });
    expect(await verified(one, { file: 'log.jsonl', keys: ['keys.json'] })).toMatchObject({
      exit: 0,
    });
  });

  test('is not believed with other keys, ours among them', async () => {
    const { one, file } = await copied();
    await journaled(one, []);
    expect(await verified(one, { file })).toMatchObject({ exit: 1, code: 'unknown_key', seq: 0 });
  });

  test('is checked against the checkpoints that are named', async () => {
    const { one, file, keys } = await copied();
    const foreign = join(one.context.cwd, 'foreign.jsonl');
    writeFileSync(foreign, `${checkpointOf(chainOf(3)[2])}\n`);
    const wanted = { file, keys: [keys], checkpoints: 'foreign.jsonl' };
    expect(await verified(one, wanted)).toMatchObject({ exit: 1, code: 'bad_signature' });
    rmSync(join(one.context.cwd, 'checkpoints.jsonl'));
    expect(await verified(one, { file, keys: [keys] })).toMatchObject({
      exit: 4,
      code: 'unsigned',
    });
  });

  test('with bytes that are no text is not what was written', async () => {
    const { one, file, keys } = await copied();
    appendFileSync(file, Buffer.from([0xff, 0x0a]));
    expect(await verified(one, { file, keys: [keys] })).toMatchObject({
      exit: 1,
      code: 'not_a_record',
    });
  });

  test('with a line that never ends is not read to the end', async () => {
    const { one, file, keys } = await copied();
    appendFileSync(file, 'x'.repeat(2 ** 20));
    expect(await verified(one, { file, keys: [keys] })).toMatchObject({
      exit: 1,
      code: 'not_a_record',
    });
  });

  test.each([
    ['a log', { file: 'nowhere.jsonl' }],
    ['a folder for a log', { file: '.' }],
    ['checkpoints', { file: 'log.jsonl', checkpoints: 'nowhere.jsonl' }],
    ['keys', { file: 'log.jsonl', keys: ['nowhere.json'] }],
    ['a log for keys', { file: 'log.jsonl', keys: ['log.jsonl'] }],
    ['keys that are none', { file: 'log.jsonl', keys: ['odd.json'] }],
  ])('%s that cannot be read is a mistake of the command line', async (_, wanted) => {
    const { one } = await copied();
    const odd = [{ role: 'audit', key: 'AAAA', from: null, until: null }];
    writeFileSync(join(one.context.cwd, 'odd.json'), JSON.stringify(odd));
    await expect(auditVerify(one.context, wanted)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('records', () => {
  test('are shown one a line, all or those of one run or the newest', async () => {
    const one = await waiting();
    const other = { ...TASK, id: RunId.parse('r0000002') };
    await journaled(one, [EVENTS.cancelled], other);
    const shown = async (wanted: Parameters<typeof auditShow>[1]): Promise<string[]> => {
      expect(await auditShow(one.context, wanted)).toBe(0);
      return (one.said.at(-1) ?? '').split('\n').map((line) => line.split(/ {2,}/)[2] ?? '');
    };
    expect(await shown({})).toHaveLength(10);
    expect(await shown({ run: other.id })).toEqual(['task.queued', 'run.stopped']);
    expect(await shown({ last: 1 })).toEqual(['run.stopped']);
    expect(await shown({ run: RUN, last: 2 })).toEqual(['gate.opened', 'validator.result']);
  });

  test('are shown as the lines that they are for machines', async () => {
    const one = await waiting();
    await auditShow({ ...one.context, json: true }, { last: 1 });
    expect(JSON.parse(one.said.at(-1) ?? '')).toEqual(await one.store.audit.head());
  });

  test('of a run that nobody knows are none', async () => {
    const unknown = auditShow(desk().context, { run: 'r9999999' });
    await expect(unknown).rejects.toMatchObject({ code: 'run_not_found' });
  });
});

test('the keys that are printed are public', async () => {
  const one = await waiting();
  one.context.audit().keys.signer('approval');
  expect(await auditKeys({ ...one.context, json: true })).toBe(0);
  const keys = JSON.parse(one.said.at(-1) ?? '');
  expect(keys.map(({ role }: { role: string }) => role)).toEqual(['approval', 'audit']);
  expect(one.said.at(-1)).not.toContain('private');
});
