/** What is found out of a bundle that somebody changed; each edit is named in words. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Approval } from '../../../orchestrator/domain/approval.ts';
import { canonical, type Json } from '../../../orchestrator/domain/canonical.ts';
import { signJson } from '../../../orchestrator/domain/dsse.ts';
import { Person } from '../../../orchestrator/domain/ids.ts';
import { NO_RECORDS } from '../../../orchestrator/domain/records.ts';
import { signaturesWith } from '../../../orchestrator/domain/signed.ts';
import { manifestIn } from '../../../validators/evidence/bundle/found.ts';
import { Manifest } from '../../../validators/evidence/bundle/manifest.ts';
import { readClaims } from '../../../validators/evidence/bundle/read.ts';
import {
  signedLine,
  statementsOf,
  summaryOf,
} from '../../../validators/evidence/bundle/statements.ts';
import { keyNamed } from '../../orchestrator/domain/keys.ts';
import { DANA, RITA } from '../../orchestrator/fixtures.ts';
import { KEYS } from '../../orchestrator/stages/tools.ts';
import {
  check,
  edited,
  editedJson,
  type Files,
  type Loose,
  made,
  problemsOf,
  resealed,
  TRUSTED,
} from './in-memory.ts';

const ATTESTATIONS = 'attestations.intoto.jsonl';
const approvalIn = (files: Files): string =>
  [...files.keys()].find((path) => path.startsWith('approvals/')) ?? '';

test('a bundle as it was made is verified, with the repository and without', async () => {
  const { files, repository } = await made();
  const report = await check(files, { repository });
  expect(problemsOf(report)).toEqual([]);
  expect(report.verdict).toBe('verified');
  expect(report.steps.map(({ verdict }) => verdict)).toEqual(Array(11).fill('passed'));
  const alone = await check(files);
  expect(alone.verdict).toBe('verified');
  expect(alone.steps.find(({ id }) => id === 'facts')?.verdict).toBe('skipped');
});

test('made again by another controller a day later it is the same, byte for byte', async () => {
  const one = await made();
  expect(await one.again('2026-03-01T23:59:00.000Z')).toEqual(one.event);
});

test('whatever byte of whatever file is changed, the file is named', async () => {
  const { files } = await made();
  const bytes = [...files].flatMap(([path, { length }]) => (length > 0 ? [{ path, length }] : []));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...bytes).chain(({ path, length }) =>
        fc.record({
          path: fc.constant(path),
          at: fc.nat(length - 1),
          by: fc.integer({ min: 1, max: 255 }),
        }),
      ),
      async ({ path, at, by }) => {
        const changed = Buffer.from(files.get(path) ?? '');
        changed[at] = (changed[at] ?? 0) ^ by;
        const report = await check(new Map([...files, [path, changed]]));
        expect(report.verdict).toBe('failed');
        expect(problemsOf(report).join('\n')).toContain(path);
      },
    ),
    { numRuns: 150 },
  );
});

describe('an edit without a key is told', () => {
  const rows: [string, (files: Files) => Map<string, Buffer>, string][] = [
    [
      'a file that is gone',
      without('inputs/facts.json'),
      'inputs/facts.json is listed and missing',
    ],
    [
      'a file that was added',
      (files) => new Map([...files, ['notes.txt', Buffer.from('x')]]),
      'notes.txt is not listed',
    ],
    [
      'a file that was cut',
      (files) => edited(files, ATTESTATIONS, (text) => text.slice(0, -9)),
      `${ATTESTATIONS} was changed`,
    ],
    [
      'a list that was cut',
      (files) => edited(files, 'manifest.json', (text) => text.slice(0, 40)),
      'manifest.json is missing or is no list',
    ],
    [
      'a list without its signature',
      without('manifest.dsse.json'),
      'manifest.dsse.json is missing',
    ],
    [
      'a list that was spelt anew',
      (files) => edited(files, 'manifest.json', (text) => `${text}\n`),
      'manifest.json is missing or is no list',
    ],
    [
      'a signature that was spelt anew',
      (files) => edited(files, 'manifest.dsse.json', (text) => ` ${text}`),
      'manifest.dsse.json was changed: it is not written as it was signed',
    ],
    [
      'a list of other files under the old signature',
      (files) => {
        const other = resealed(without('report.html')(files));
        return new Map([
          ...other,
          ['manifest.dsse.json', files.get('manifest.dsse.json') ?? Buffer.alloc(0)],
        ]);
      },
      'manifest.json was changed: it is not what manifest.dsse.json signs',
    ],
  ];
  test.each(rows)('%s', async (_, change, told) => {
    const { files } = await made();
    const report = await check(change(files));
    expect(report.verdict).toBe('failed' satisfies string);
    expect(problemsOf(report).join('\n')).toContain(told);
  });
});

function without(path: string): (files: Files) => Files {
  return (files) => new Map([...files].filter(([name]) => name !== path));
}

describe('keys', () => {
  test('that nobody trusts sign nothing', async () => {
    const { files } = await made();
    const forged = resealed(files, {}, keyNamed('mallory', 'evidence'));
    expect(problemsOf(await check(forged))).toContain(
      'manifest.dsse.json is signed by no key that is trusted here',
    );
    const nobody = await check(files, { trusted: [] });
    expect(nobody.verdict).toBe('failed');
  });

  test('of another role may not sign the list, a statement or a decision', async () => {
    const { files } = await made();
    const audit = { ...KEYS.signer('audit'), role: 'evidence' as const };
    expect(problemsOf(await check(resealed(files, {}, audit)))).toContain(
      'manifest.dsse.json is signed by a key for audit, which may not sign this',
    );
    const approvalKey = { ...KEYS.signer('approval'), role: 'evidence' as const };
    const statement = edited(files, ATTESTATIONS, (text) =>
      resigned(text, 0, (value) => value, approvalKey),
    );
    expect(problemsOf(await check(resealed(statement))).join('\n')).toContain(
      `${ATTESTATIONS}, line 1 is signed by a key for approval, which may not sign this`,
    );
    const evidenceKey = { ...KEYS.signer('evidence'), role: 'approval' as const };
    const report = await check(resealed(decided(files, (record) => record, evidenceKey)));
    expect(problemsOf(report).join('\n')).toContain(
      'is signed by a key for evidence, which may not sign this',
    );
    expect(problemsOf(report).join('\n')).toContain('Gate auth needs 1 more of security');
  });

  test('count in their time only', async () => {
    const { files } = await made();
    const at = (from: string | null, until: string | null) =>
      TRUSTED.map((key) => (key.role === 'evidence' ? { ...key, from, until } : key));
    const late = await check(files, { trusted: at('2026-03-01T10:00:00.001Z', null) });
    expect(problemsOf(late).join('\n')).toMatch(
      /manifest.dsse.json is signed by key \w{12}, which was good from 2026-03-01T10:00:00.001Z until now, and not at 2026-03-01T10:00:00.000Z/,
    );
    const over = await check(files, { trusted: at(null, '2026-03-01T10:00:00.000Z') });
    expect(over.verdict).toBe('failed');
    expect((await check(files, { trusted: at(null, '2026-03-01T10:00:00.001Z') })).verdict).toBe(
      'verified',
    );
  });
});

/** The statement of one line says something else, signed with a key. */
function resigned(
  text: string,
  line: number,
  change: (value: Loose) => unknown,
  key = KEYS.signer('evidence'),
): string {
  const lines = text.trimEnd().split('\n');
  const { payload } = JSON.parse(lines[line] ?? '') as { payload: string };
  const value = change(JSON.parse(Buffer.from(payload, 'base64').toString())) as Json;
  lines[line] = canonical(signJson('application/vnd.in-toto+json', value, key));
  return `${lines.join('\n')}\n`;
}

/** The one approval says something else, signed with a key for approvals. */
function decided(
  files: Files,
  change: (record: Loose) => object,
  key = KEYS.signer('approval'),
): Files {
  const { sign } = signaturesWith({ signer: () => key, trusted: () => [] });
  return editedJson(files, approvalIn(files), ({ record = {} }) =>
    sign('approval', change(record) as Approval),
  );
}

describe('who holds the key for evidence can still not', () => {
  async function told(change: (files: Files) => Files, over: Parameters<typeof check>[1] = {}) {
    const { files } = await made();
    const report = await check(resealed(change(files)), over);
    return { verdict: report.verdict, problems: problemsOf(report).join('\n') };
  }

  test('leave a statement out', async () => {
    const { verdict, problems } = await told((files) =>
      edited(files, ATTESTATIONS, (text) => text.split('\n').toSpliced(1, 1).join('\n')),
    );
    expect(verdict).toBe('failed');
    expect(problems).toContain(
      `${ATTESTATIONS} lacks the test result of unit, as the inputs have it`,
    );
  });

  test('add one, or tell it twice', async () => {
    const { problems } = await told((files) =>
      edited(files, ATTESTATIONS, (text) => `${text}${text.split('\n')[0]}\n`),
    );
    expect(problems).toContain(ATTESTATIONS);
    const other = await told((files) =>
      edited(files, ATTESTATIONS, (text) =>
        resigned(`${text}${text.split('\n')[1]}\n`, 4, (value) => ({
          ...value,
          predicate: { result: 'PASSED' },
        })),
      ),
    );
    expect(other.problems).toContain(
      `${ATTESTATIONS}, line 5 says what does not follow from the inputs`,
    );
  });

  test('make one of another tree', async () => {
    const { problems } = await told((files) =>
      edited(files, ATTESTATIONS, (text) =>
        resigned(text, 1, (value) => ({
          ...value,
          subject: [{ digest: { gitTree: '9'.repeat(40) } }],
        })),
      ),
    );
    expect(problems).toContain(`line 2 is about tree ${'9'.repeat(40)}, not about tree`);
  });

  test('count fewer tests than have names', async () => {
    const { problems } = await told((files) =>
      editedJson(files, 'validators/unit/result.json', (value) => ({
        ...value,
        tests: { ...value['tests'], run: 1 },
      })),
    );
    expect(problems).toContain('unit says 1 tests run, and its tests.json names 2');
  });

  test('turn a failed check into a passed one, or count tests that did not run', async () => {
    const { problems } = await told((files) =>
      editedJson(files, 'validators/unit/result.json', (value) => ({
        ...value,
        tests: { ...value['tests'], run: 9 },
      })),
    );
    expect(problems).toContain('unit says 9 tests run, and its tests.json names 2');
    expect(problems).toContain('unit says 9 tests run, and its reports count 2');
    expect(problems).toContain(`${ATTESTATIONS} lacks the test result of unit`);
    const failed = await told((files) =>
      editedJson(files, 'validators/unit/result.json', (value) => ({
        ...value,
        verdict: 'unknown',
      })),
    );
    expect(failed.problems).toContain('Validator unit is required, and has not passed');
    expect(failed.problems).toContain('the audit log does not know of this result of unit');
  });

  test('decide otherwise', async () => {
    const { problems } = await told((files) =>
      editedJson(files, 'inputs/decision.json', (value) => ({
        ...value,
        judgement: { ...value['judgement'], verdict: 'allow', gates: [] },
      })),
    );
    expect(problems).toContain(
      'inputs/decision.json says of verdict what deciding again does not: ""allow"" where it is ""hold""',
    );
    expect(problems).toContain('says of gates');
  });

  test('judge by another policy', async () => {
    const layer = 'inputs/policy/01-standalone.yaml';
    const { problems } = await told((files) =>
      edited(files, layer, (text) => text.replace('class: critical, paths', 'class: low, paths')),
    );
    expect(problems).toContain(`${layer} is standalone with sha256:`);
    expect(problems).toContain('names policy sha256:');
  });

  test('tell facts that the repository does not have', async () => {
    const { repository } = await made();
    const { problems } = await told(
      (files) =>
        editedJson(files, 'inputs/facts.json', (value) => ({
          ...value,
          change: { ...value['change'], addedLines: 1 },
        })),
      { repository },
    );
    expect(problems).toContain('inputs/facts.json says of change what the repository does not');
  });

  test('speak of another change in one file than in another', async () => {
    const { problems } = await told((files) =>
      editedJson(files, 'inputs/task.json', (value) => ({ ...value, base: 'release' })),
    );
    expect(problems).toContain(
      'inputs/task.json: branch is refs/heads/release, and the list says refs/heads/main',
    );
  });

  test('write a file in another way than it is made', async () => {
    const { problems } = await told((files) =>
      edited(files, 'run/agent.json', (text) => `${text} `),
    );
    expect(problems).toContain('run/agent.json is not written as it is made');
  });

  test('change, leave out or reorder records of the audit log', async () => {
    const changed = await told((files) =>
      edited(files, 'audit.jsonl', (text) =>
        text.replace('"claimed"', '"x"').replace('"cli"', '"api"'),
      ),
    );
    expect(changed.problems).toContain(
      'audit.jsonl, line 1 was changed: its hash is not that of its contents',
    );
    const cut = await told((files) =>
      edited(
        files,
        'audit.jsonl',
        (text) => `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`,
      ),
    );
    expect(cut.problems).toContain('vouches for another record than the one that is there');
    expect(cut.problems).toContain('the audit log does not know of the decision apr_');
    const swapped = await told((files) =>
      edited(files, 'audit.jsonl', (text) => {
        const [first = '', second = '', ...rest] = text.split('\n');
        return [second, first, ...rest].join('\n');
      }),
    );
    expect(swapped.problems).toContain(
      'audit.jsonl, line 2 stands in another order than the log has it',
    );
    const torn = await told((files) => edited(files, 'audit.jsonl', (text) => text.slice(0, -3)));
    expect(torn.problems).toContain('is not a record as the log writes it');
  });
});

describe('people', () => {
  const late = '2026-03-09T10:00:00.000Z';

  test('whose approval is gone leave the bundle waiting', async () => {
    const { files } = await made();
    const report = await check(resealed(without(approvalIn(files))(files)));
    expect(problemsOf(report).join('\n')).toContain('Gate auth needs 1 more of security');
    expect(report.steps.find(({ id }) => id === 'approvals')?.verdict).toBe('failed');
  });

  test('whose approval had run out did not agree', async () => {
    const { files } = await made();
    const then = editedJson(files, 'inputs/decision.json', (value) => ({ ...value, at: late }));
    const problems = problemsOf(await check(resealed(then, { at: late }))).join('\n');
    expect(problems).toMatch(/local:rita's approval of auth expired|expired/);
    expect(problems).toContain('Gate auth needs 1 more of security');
  });

  test.each([
    ['who asked for it', { approver: { id: DANA } }, 'requested this task'],
    ['in no group of the gate', { approver: { id: Person.parse('local:eve') } }, 'local:eve'],
    ['who saw another tree', { subject: { tree: '9'.repeat(40) } }, 'another tree'],
    [
      'who saw other evidence',
      { evidence: { digest: `sha256:${'9'.repeat(64)}` } },
      'the checks came to another result',
    ],
    ['of another repository', { subject: { repo: '/elsewhere' } }, 'another repository'],
    [
      'of a gate that was defined otherwise',
      { policy: { gate: `sha256:${'9'.repeat(64)}` } },
      'defined differently',
    ],
  ])('%s do not count, though a key for approvals signed it', async (_, over, told) => {
    const { files } = await made({ policy: EVIDENCE_BOUND });
    const forged = decided(files, (record) => merged(record, over));
    expect(problemsOf(await check(resealed(forged))).join('\n')).toContain(told);
  });

  test('who are all that is missing leave it waiting, and nothing else is called wrong', async () => {
    const { files } = await made();
    const { claims } = readClaims(files, manifestIn(files) ?? Manifest.parse(null));
    if (claims === null) throw new Error('the sample can be read');
    const alone = { ...claims, records: NO_RECORDS };
    const key = KEYS.signer('evidence');
    const lines = statementsOf(alone).map((one) => signedLine(one, key));
    const outcome = { isSatisfied: false, isGlassBroken: false };
    lines.push(signedLine(summaryOf(alone, outcome, lines), key));
    const honest = edited(
      without(approvalIn(files))(files),
      ATTESTATIONS,
      () => `${lines.join('\n')}\n`,
    );
    const report = await check(resealed(honest));
    expect(report.verdict).toBe('waiting');
    expect(problemsOf(report)).toEqual([
      'Gate auth needs 1 more of security: local:rita, local:sam could.',
    ]);
  });

  test('two keep their order', async () => {
    const { files } = await made({ by: [RITA, Person.parse('local:sam')] });
    expect((await check(files)).verdict).toBe('verified');
  });
});

const EVIDENCE_BOUND = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: small, layer: standalone, owner: platform }
groups:
  security: { members: [local:rita, local:sam, local:dana] }
classes:
  critical: { approvals: [{ group: security, count: 1 }], expires: 24h, bind: evidence }
unmatched: { class: low }
gates:
  - { id: auth, why: Accounts., class: critical, paths: ["src/auth/"] }
validators:
  unit: { run: [npx, vitest], reports: { junit: "junit.xml" }, required_for: ["**"] }
`;

function merged(record: Record<string, object>, over: Record<string, object>): object {
  const entries = Object.entries(over).map(([key, value]) => [key, { ...record[key], ...value }]);
  return { ...record, ...Object.fromEntries(entries) };
}

test('a text that looks like a secret is not in the bundle, and the repository is needed to decide again', async () => {
  const { files, repository } = await made({ text: 'const password = "hunter2";\n' });
  expect([...files.values()].some((bytes) => bytes.includes('hunter2'))).toBe(false);
  const alone = await check(files);
  expect(alone.verdict).toBe('unknown');
  expect(problemsOf(alone).join()).toContain('1 texts are withheld');
  expect((await check(files, { repository })).verdict).toBe('verified');
});

test('a repository that lacks the tree is said, and nothing is called verified', async () => {
  const { files } = await made();
  const report = await check(files, {
    repository: async () => ({ lacks: 'this repository has no tree X' }),
  });
  expect(report.verdict).toBe('failed');
  expect(problemsOf(report)).toContain('this repository has no tree X');
});

test('a commit of another tree, or that names another bundle, is told', async () => {
  const { files, repository, event } = await made();
  const withCommit =
    (over: object) =>
    async (...given: Parameters<typeof repository>) => ({
      ...(await repository(...given)),
      commit: {
        id: 'c'.repeat(40),
        tree: 'b'.repeat(40),
        message: `x\n\nProofhouse-Bundle: ${event.bundle?.manifest}\n`,
        ...over,
      } as never,
    });
  expect((await check(files, { repository: withCommit({}) })).verdict).toBe('verified');
  const foreign = await check(files, { repository: withCommit({ tree: '9'.repeat(40) }) });
  expect(problemsOf(foreign).join()).toContain(
    `has tree ${'9'.repeat(40)}, and the bundle is about tree`,
  );
  const renamed = await check(files, {
    repository: withCommit({ message: 'x\n\nProofhouse-Bundle: sha256:1\n' }),
  });
  expect(problemsOf(renamed).join()).toContain('names the bundle sha256:1');
});

test('statements are in-toto, and a flaky test is no plain pass', async () => {
  const { files } = await made({
    checks: (one) => [{ ...one, tests: { run: 2, failed: 0, skipped: 0, flaky: 1 } }],
  });
  const statements = (files.get(ATTESTATIONS)?.toString() ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString()));
  expect(statements[1].predicate.result).toBe('WARNED');
  const approvalId = /apr_\w+/g;
  const text = JSON.stringify(statements, null, 2).replaceAll(approvalId, 'apr_1');
  const summary = text.replaceAll(/"sha256": "[0-9a-f]{64}"/g, '"sha256": "…"');
  await expect(summary).toMatchFileSnapshot('golden/statements.txt');
});
