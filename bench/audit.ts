/**
 * The audit log beside what it cannot do without: the hash of the same bytes for the chain and its
 * check, and the same journal transaction without its records for a write.
 */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type AuditDraft,
  type AuditRecord,
  chain,
  lineOf,
  opening,
} from '../orchestrator/domain/audit.ts';
import { verifyChain } from '../orchestrator/domain/audit-verify.ts';
import { spkiOf } from '../orchestrator/domain/dsse.ts';
import { Person, RunId } from '../orchestrator/domain/ids.ts';
import { openDatabase } from '../orchestrator/store/database.ts';
import { openSqliteStore } from '../orchestrator/store/sqlite.ts';
import { inTurn, type Row, timed } from './measure.ts';

const CHAINED = 10_000;
const VERIFIED = 100_000;
const APPENDS = 100;
const KEY = spkiOf(generateKeyPairSync('ed25519').publicKey);

export async function auditRows(n: number): Promise<Row[]> {
  const [some, many] = [chained(CHAINED).map(lineOf), chained(VERIFIED).map(lineOf)];
  const floor = (lines: readonly string[]): string => `sha256 of ${lines.length} audit records`;
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-bench-'));
  try {
    return await inTurn(n, [
      { what: floor(some), against: null, go: () => timed(() => hashed(some)) },
      {
        what: `chaining ${CHAINED} audit records`,
        against: { floor: floor(some), bound: '' },
        go: () => timed(() => chained(CHAINED)),
      },
      { what: floor(many), against: null, go: () => timed(() => hashed(many)) },
      {
        what: `verifying ${VERIFIED} audit records`,
        against: { floor: floor(many), bound: '' },
        go: () => timed(() => verified(many)),
      },
      ...appendArms(folder),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds for one append. */
function appendArms(folder: string) {
  const floor = 'a commit of one row to the same disk';
  const database = openDatabase(path.join(folder, 'bare.sqlite'));
  database.exec('create table row (seq integer primary key, text text not null)');
  const store = openSqliteStore(path.join(folder, 'journal.sqlite'), () => new Date());
  const text = 'x'.repeat(800);
  const draft = { type: 'group.changed', actor: 'controller', task: null, data: {} } as const;
  return [
    {
      what: floor,
      against: null,
      go: () =>
        each(async () => {
          database.transaction(() => database.run('insert into row (text) values (?)', text));
        }),
    },
    {
      what: 'an audit record, stored, chained and in its file',
      against: { floor, bound: '<= +1 ms' },
      go: () => each(() => store.audit.append(draft)),
    },
  ];
}

async function each(work: () => Promise<void>): Promise<number> {
  const all = await timed(async () => {
    for (let at = 0; at < APPENDS; at += 1) await work();
  });
  return all / APPENDS;
}

function chained(records: number): AuditRecord[] {
  const at = { ts: '2026-03-01T10:00:00.000Z', salt: 'salt' };
  const all = [chain(null, opening('0b0e7f5e-2f6d-4c1f-9a51-6f0f2f7f8f10', KEY), at)];
  const approval: AuditDraft = {
    type: 'approval.granted',
    actor: Person.parse('local:rita'),
    task: RunId.parse('r0000001'),
    sealed: { note: 'looked at it' },
    data: { gate: 'auth', tree: 'b'.repeat(40), scope: `sha256:${'3'.repeat(64)}`, openSlots: 0 },
  };
  while (all.length < records) all.push(chain(all.at(-1) ?? null, approval, at));
  return all;
}

function hashed(lines: readonly string[]): void {
  for (const line of lines) createHash('sha256').update(line).digest('hex');
}

async function verified(lines: readonly string[]): Promise<void> {
  const trusted = { role: 'audit', key: KEY, from: null, until: null } as const;
  const { records, code } = await verifyChain(ended(lines), [], [trusted]);
  if (records !== lines.length) throw new Error(`the check ended with ${code} at ${records}`);
}

function* ended(lines: readonly string[]): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
