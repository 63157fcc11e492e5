/**
 * `audit verify|show|keys`: who did what, and whether that is still what was written.
 *
 * A log is checked by itself, as anybody can who has the files and the public keys. Our own is also
 * held against the journal, which has every record a second time.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type AuditRecord, lineOf } from '../domain/audit.ts';
import { verifyChain } from '../domain/audit-verify.ts';
import { KeyRole, keyId, publicKeyOf, TrustedKey } from '../domain/dsse.ts';
import { Fault } from '../domain/faults.ts';
import type { AuditLog } from '../ports.ts';
import { auditLines, auditSentence, auditTable, type LogReport } from '../text/audit-report.ts';
import { printableJson } from '../text/columns.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';
import { linesOf } from './lines.ts';

export type AuditVerify = {
  /** Null: the data directory's own. */
  readonly file: string | null;
  readonly checkpoints?: string;
  readonly keys?: readonly string[];
};

const EXITS = { intact: 0, tampered: 1, incomplete: 4 } as const;

export async function auditVerify(context: Context, wanted: AuditVerify): Promise<Exit> {
  const { keys, files } = context.audit();
  const file = wanted.file === null ? files.log : path.resolve(context.cwd, wanted.file);
  if (wanted.file !== null) await mustBeFile(file);
  const checkpoints = await checkpointsOf(context, file, wanted.checkpoints);
  const trusted =
    wanted.keys === undefined
      ? keys.trusted('audit')
      : (await Promise.all(wanted.keys.map((one) => keysFrom(context, one)))).flat();
  const report =
    wanted.file === null
      ? await verifyOwn(context.ledgers().store.audit, file, checkpoints, trusted)
      : { ...(await verifyChain(linesOf(file), checkpoints, trusted)), file, journal: null };
  show(
    context,
    () => auditTable(report),
    () => ({ ...report, found: auditSentence(report) }),
  );
  return EXITS[report.status];
}

async function verifyOwn(
  audit: AuditLog,
  file: string,
  checkpoints: readonly string[],
  trusted: readonly TrustedKey[],
): Promise<LogReport> {
  const seen = { lines: 0, differs: null as number | null };
  const chain = await verifyChain(compared(linesOf(file), audit, seen), checkpoints, trusted);
  // Asked last: the journal is ahead of the file, never behind it.
  const journal = ((await audit.head())?.seq ?? -1) + 1;
  const report = { ...chain, file, journal };
  const { differs } = seen;
  const isFirst = chain.status !== 'tampered' || (chain.seq !== null && chain.seq > (differs ?? 0));
  if (differs !== null && isFirst)
    return { ...report, status: 'tampered', code: 'differs_from_journal', seq: differs };
  if (chain.status === 'tampered' || chain.code === 'torn_tail' || seen.lines === journal)
    return report;
  return { ...report, status: 'incomplete', code: 'behind_journal', seq: seen.lines };
}

/** The same lines, each held against the record that the journal has in its place. */
async function* compared(
  lines: AsyncIterable<string | null>,
  audit: AuditLog,
  seen: { lines: number; differs: number | null },
): AsyncGenerator<string | null> {
  let page: readonly AuditRecord[] = [];
  for await (const line of lines) {
    if (line?.endsWith('\n') !== false) {
      if (page[0] === undefined) page = await audit.records(seen.lines);
      const [record, ...later] = page;
      const isSame = record !== undefined && line === `${lineOf(record)}\n`;
      if (!isSame) seen.differs ??= seen.lines;
      page = later;
      seen.lines += 1;
    }
    yield line;
  }
}

/** One that a crash tore off counts as not there; the next write puts it back. */
async function checkpointsOf(
  context: Context,
  log: string,
  named: string | undefined,
): Promise<readonly string[]> {
  const beside = path.join(path.dirname(log), 'checkpoints.jsonl');
  const file = named === undefined ? beside : path.resolve(context.cwd, named);
  if (named !== undefined) await mustBeFile(file);
  const checkpoints: string[] = [];
  for await (const line of linesOf(file)) {
    if (line?.endsWith('\n') !== false) checkpoints.push(line ?? '');
  }
  return checkpoints;
}

export async function keysFrom(context: Context, named: string): Promise<readonly TrustedKey[]> {
  const file = path.resolve(context.cwd, named);
  try {
    const keys = z.array(TrustedKey).parse(JSON.parse(await readFile(file, 'utf8')));
    if (keys.every(({ key }) => publicKeyOf(key) !== null)) return keys;
  } catch (cause) {
    throw new Fault('usage', `${file} holds no keys as "audit keys" prints them`, { cause });
  }
  throw new Fault('usage', `${file} holds a key that is not an Ed25519 public key`);
}

async function mustBeFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true) throw new Fault('usage', `${file} is not a file`);
}

export type AuditShow = { readonly run?: string; readonly last?: number };

export async function auditShow(context: Context, { run, last }: AuditShow): Promise<Exit> {
  const { store } = context.ledgers();
  const task = run === undefined ? null : (await knownRun(store, run)).id;
  const records: AuditRecord[] = [];
  for await (const record of recordsOf(store.audit)) {
    if (task === null || record.task === task) records.push(record);
    if (last !== undefined && records.length > last) records.shift();
  }
  if (context.json) for (const record of records) context.out(printableJson(record));
  else context.out(auditLines(records));
  return 0;
}

async function* recordsOf(audit: AuditLog): AsyncGenerator<AuditRecord> {
  let page = await audit.records(0);
  while (page.length > 0) {
    yield* page;
    page = await audit.records((page.at(-1)?.seq ?? 0) + 1);
  }
}

export async function auditKeys(context: Context): Promise<Exit> {
  const { keys } = context.audit();
  const trusted = KeyRole.options.flatMap((role) => keys.trusted(role));
  show(
    context,
    () => JSON.stringify(trusted, null, 2),
    () => trusted,
  );
  return 0;
}

/**
 * A new key signs for a role from now on. The file comes first: a key of the audit log signs nothing
 * before the log names it, and one that a crash left unnamed is named by the next who asks.
 */
export async function auditRotate(context: Context, role: KeyRole): Promise<Exit> {
  const { keys } = context.audit();
  const { store } = context.ledgers();
  const named = new Set<unknown>();
  for await (const { type, data } of recordsOf(store.audit)) {
    if (type === 'key.rotated') named.add(data['key']);
  }
  const before = keys.trusted(role);
  const last = before.at(-1);
  const isLeft = last !== undefined && last.from !== null && !named.has(last.key);
  const fresh = isLeft ? last : keys.rotate(role);
  const old = (isLeft ? before.at(-2) : last)?.key ?? null;
  await store.audit.append({
    ...{ type: 'key.rotated', actor: context.person(), task: null },
    // The key before it is good until this one begins.
    data: { role, key: fresh.key, from: fresh.from, replaces: old === null ? null : keyId(old) },
  });
  show(
    context,
    () => `${role}: key ${keyId(fresh.key)} signs from ${fresh.from ?? 'now'} on`,
    () => fresh,
  );
  return 0;
}
