/** One decision over a large change and a large policy, beside reading the same change. */
import { type Change, Facts } from '../orchestrator/domain/change.ts';
import { decide } from '../policies/decide.ts';
import { entriesDigest, parseRawDiff } from '../policies/facts.ts';
import { parsePolicy } from '../policies/parse.ts';
import { inTurn, type Row, timed } from './measure.ts';

const ENTRIES = 3000;
const GATES = 200;
const NOW = '2026-01-01T00:00:00Z';
const READING = `reading ${ENTRIES} entries`;

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

function policyOf(gates: number): string {
  const gate = (at: number): string =>
    `  - { id: gate-${at}, class: high, paths: ["/packages/p${at}/src/**/*.ts", "lib${at}/", "*.g${at}.json"] }`;
  return [
    'apiVersion: proofhouse/v1',
    'kind: Policy',
    'metadata: { name: bench, layer: standalone, owner: platform }',
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
