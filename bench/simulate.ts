/** Replaying two hundred merges of a repository of five thousand files under two policies, beside git reading the same range. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { landedFacts } from '../orchestrator/stages/local-facts.ts';
import { parsePolicy } from '../policies/parse.ts';
import { type Landed, replay } from '../policies/replay.ts';
import { openLocal } from '../sandboxes/source/local-change.ts';
import { inTurn, type Row, timed } from './measure.ts';

const FILES = 5000;
const MERGES = 200;
const FILES_A_MERGE = 8;
const GATES = 40;
const FLOOR = `git log of ${MERGES} merges`;
const RANGE = ['log', '-m', '--first-parent', '--raw', '-r', `--max-count=${MERGES}`, 'HEAD'];
const TARGET = 'refs/heads/main';

const run = promisify(execFile);

export async function simulateRows(n: number): Promise<Row[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-simulate-'));
  try {
    await fill(folder);
    const [before, after] = [policyOf(GATES), policyOf(GATES - 1)];
    const all = async (): Promise<void> => {
      const { judged } = await replay(
        landed(folder),
        { before: [before], after: [after] },
        new Date().toISOString(),
      );
      if (judged !== MERGES) throw new Error(`${judged} changes were judged`);
    };
    const log = () => run('git', RANGE, { cwd: folder, maxBuffer: 2 ** 28 });
    return await inTurn(n, [
      { what: FLOOR, against: null, go: () => timed(log) },
      {
        what: `simulate ${MERGES} merges x ${FILES} files x ${GATES} gates`,
        against: { floor: FLOOR, bound: '<= 5000 ms' },
        go: () => timed(all),
      },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* landed(folder: string): AsyncGenerator<Landed> {
  const local = await openLocal(folder);
  try {
    for await (const change of local.landed(await local.resolve('HEAD'), MERGES, null)) {
      const { commit, title, when } = change;
      const read = landedFacts(change, TARGET);
      if ('refused' in read) throw new Error('a change of this measurement is refused');
      yield { commit, title, when, facts: read.facts };
    }
  } finally {
    await local.close();
  }
}

function policyOf(gates: number) {
  const gate = (at: number): string =>
    `  - { id: gate-${at}, class: high, why: x, paths: ["/src/d${at}/", "**/*.g${at}.ts"] }`;
  const parsed = parsePolicy(
    [
      'apiVersion: proofhouse/v1',
      'kind: Policy',
      'metadata: { name: bench, layer: standalone, owner: platform }',
      'groups: { platform: { members: ["local:rita"] }, security: { members: ["local:rita"] } }',
      'gates:',
      ...Array.from({ length: gates }, (_, at) => gate(at)),
      'validators: { unit: { run: [x], reports: { junit: j.xml } } }',
      '',
    ].join('\n'),
    'policy.yaml',
  );
  if ('problems' in parsed) throw new Error('the policy of this measurement is not whole');
  return parsed.policy;
}

/** All commits in one stream: two hundred starts of git would take longer than what is measured. */
async function fill(folder: string): Promise<void> {
  await run('git', ['init', '-q', '-b', 'main'], { cwd: folder });
  const importing = run('git', ['fast-import', '--quiet'], { cwd: folder });
  const merges = Array.from({ length: MERGES }, (_, at) => merge(at));
  importing.child.stdin?.end([firstCommit(), ...merges].join(''));
  await importing;
}

const nameOf = (file: number): string => `src/d${file % 50}/folder/file-${file}.ts`;
const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
const put = (file: number, text: string): string =>
  `M 100644 inline ${nameOf(file)}\n${data(text)}`;
const who = (at: number): string =>
  `committer a <a@example.com> ${1_700_000_000 + at * 3600} +0000\n`;

function firstCommit(): string {
  const files = Array.from({ length: FILES }, (_, file) =>
    put(file, `export const n = ${file};\n`),
  );
  return `commit refs/heads/main\nmark :1\n${who(0)}${data('first')}${files.join('')}\n`;
}

function merge(at: number): string {
  const [tip, side, merged] = [at * 2 + 1, at * 2 + 2, at * 2 + 3];
  const files = Array.from({ length: FILES_A_MERGE }, (_, one) =>
    put((at * 37 + one * 101) % FILES, `export const n = ${at};\nexport const m = ${one};\n`),
  ).join('');
  return [
    `commit refs/heads/side\nmark :${side}\n${who(at + 1)}${data(`side ${at}`)}from :${tip}\n${files}\n`,
    `commit refs/heads/main\nmark :${merged}\n${who(at + 1)}${data(`merge ${at}`)}from :${tip}\nmerge :${side}\n${files}\n`,
  ].join('');
}
