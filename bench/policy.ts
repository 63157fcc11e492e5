/** One decision over a large change and a large policy, beside reading the same change. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Change, Facts } from '../orchestrator/domain/change.ts';
import { decide } from '../policies/decide.ts';
import { entriesDigest, parseRawDiff } from '../policies/facts.ts';
import { parsePolicy } from '../policies/parse.ts';
import { inTurn, type Row, timed } from './measure.ts';

const CLI = fileURLToPath(new URL('../orchestrator/cli.ts', import.meta.url));
const ENTRIES = 3000;
const GATES = 200;
const NOW = '2026-01-01T00:00:00Z';
const READING = `reading ${ENTRIES} entries`;

const NODE_ALONE = 'starting node';

/** What a person waits for: a policy of 500 lines, from the start of the process, beside Node's own start. */
export async function lintRows(n: number): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-lint-'));
  const file = path.join(folder, 'policy.yaml');
  const lines = policyOf(122, blockGate).split('\n');
  writeFileSync(file, lines.join('\n'));
  const node = (...args: string[]) =>
    timed(() => execFileSync(process.execPath, args, { cwd: folder, stdio: 'pipe' }));
  try {
    return await inTurn(n, [
      { what: NODE_ALONE, against: null, go: () => node('-e', '0') },
      {
        what: `policy lint of ${lines.length} lines`,
        against: { floor: NODE_ALONE, bound: '+ 150 ms' },
        go: () => node(CLI, 'policy', 'lint', file),
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function policyRows(n: number): Promise<Row[]> {
  const parsed = parsePolicy(policyOf(GATES), 'policy.yaml');
  if (!('policy' in parsed)) throw new Error('the policy of this measurement is not whole');
  const bytes = rawDiff(ENTRIES);
  const facts = factsOf(bytes);
  return inTurn(n, [
    { what: READING, against: null, go: () => timed(() => parseRawDiff(bytes)) },
    {
      what: `deciding on ${ENTRIES} entries x ${GATES} gates`,
      against: { floor: READING, bound: '<= 100 ms' },
      go: () => timed(() => decide([parsed.policy], facts, NOW)),
    },
  ]);
}

function blockGate(at: number): string {
  return [
    `  - id: gate-${at}`,
    '    why: What it guards, said in a sentence.',
    '    class: high',
    `    paths: ["/packages/p${at}/src/**/*.ts", "lib${at}/"]`,
  ].join('\n');
}

function flowGate(at: number): string {
  return `  - { id: gate-${at}, why: Measured., class: high, paths: ["/packages/p${at}/src/**/*.ts", "lib${at}/", "*.g${at}.json"] }`;
}

function policyOf(gates: number, gate = flowGate): string {
  return [
    'apiVersion: proofhouse/v1',
    'kind: Policy',
    'metadata: { name: bench, layer: standalone, owner: platform }',
    'never_delegate: [{ action: edit-policy, absolute: true }]',
    'groups: { platform: { members: ["local:rita"] }, security: { members: ["local:rita"] } }',
    'gates:',
    ...Array.from({ length: gates }, (_, at) => gate(at)),
    'validators: { unit: { run: [node, --test], reports: { junit: junit.xml } } }',
    '',
  ].join('\n');
}

function rawDiff(entries: number): Uint8Array {
  const oid = (at: number): string => at.toString(16).padStart(40, '0');
  const one = (at: number): string =>
    `:100644 100644 ${oid(at + 1)} ${oid(at + 7919)} M\0packages/p${at % 250}/src/deep/folder/file-${at}.ts\0`;
  return Buffer.from(Array.from({ length: entries }, (_, at) => one(at)).join(''));
}

function factsOf(bytes: Uint8Array): Facts {
  const read = parseRawDiff(bytes);
  if (!('entries' in read)) throw new Error('the entries of this measurement are refused');
  const { entries } = read;
  const change = {
    base: 'a'.repeat(40),
    tree: 'b'.repeat(40),
    entries: entriesDigest(entries),
    files: entries.length,
    addedLines: entries.length,
    removedLines: 0,
  } satisfies Record<keyof Change, unknown>;
  const blobBytes = Object.fromEntries(entries.map(({ newOid }) => [newOid, 2000]));
  const nothing = { binary: [], texts: {}, roots: [], history: [], groups: {}, madeBy: null };
  return Facts.parse({ change, entries, blobBytes, target: 'refs/heads/main', ...nothing });
}
