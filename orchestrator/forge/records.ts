/**
 * Pull requests of one repository as JSON files `0001.json`, `0002.json`, …
 *
 * Invariant: numbers have no gaps and a number is taken by one `link` only. So whoever takes the
 * next number has seen every record before it, and one head branch never gets two.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../domain/faults.ts';
import { Sha } from '../domain/ids.ts';

export const PullRequestRecord = z.object({
  number: z.int().positive(),
  title: z.string(),
  body: z.string(),
  base: z.string(),
  head: z.string(),
  commit: Sha,
  /** The commit that is about to take the place of `commit`; null when none is under way. */
  pushing: Sha.nullable(),
  state: z.enum(['open', 'closed', 'merged']),
  openedAt: z.iso.datetime(),
});
export type PullRequestRecord = z.infer<typeof PullRequestRecord>;

/** All records by number. A temporary file that a crash left behind is not one of them. */
export async function readRecords(folder: string): Promise<readonly PullRequestRecord[]> {
  const names = await readdir(folder).catch(whenMissing);
  const files = names.filter((name) => /^\d{4,}\.json$/.test(name));
  const records = await Promise.all(files.map((file) => readRecord(join(folder, file))));
  return records.sort((a, b) => a.number - b.number);
}

/** Adds the record under the next number, or gives back the one that its head already has. */
export async function addRecord(
  folder: string,
  draft: Omit<PullRequestRecord, 'number'>,
): Promise<PullRequestRecord> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (;;) {
    const records = await readRecords(folder);
    const existing = records.find(({ head }) => head === draft.head);
    if (existing) return existing;
    const record = { ...draft, number: (records.at(-1)?.number ?? 0) + 1 };
    if (await placed(folder, record, link)) return record;
  }
}

export async function replaceRecord(folder: string, record: PullRequestRecord): Promise<void> {
  await placed(folder, record, rename);
}

export function recordFile(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(4, '0')}.json`);
}

/** Writes beside and puts in place in one step; false when `put` found the place taken. */
async function placed(
  folder: string,
  record: PullRequestRecord,
  put: (from: string, to: string) => Promise<void>,
): Promise<boolean> {
  const beside = join(folder, `${randomUUID()}.new`);
  try {
    await writeDurably(beside, `${JSON.stringify(record, null, 2)}\n`);
    await put(beside, recordFile(folder, record.number));
    await syncFolder(folder);
    return true;
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'EEXIST') return false;
    throw thrown;
  } finally {
    await rm(beside, { force: true });
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readRecord(file: string): Promise<PullRequestRecord> {
  try {
    return PullRequestRecord.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new Fault('store_failed', `the pull request ${file} cannot be read`, { cause });
  }
}

function whenMissing(thrown: unknown): string[] {
  if ((thrown as { code?: unknown }).code === 'ENOENT') return [];
  throw thrown;
}
