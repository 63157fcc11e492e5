/** Validators that run nothing: each says what it found, and what nobody knows passes nothing. */
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../orchestrator/domain/change.ts';
import type { Check } from '../../orchestrator/domain/check.ts';
import type { Inspection, Inspector } from '../../orchestrator/ports/inspection.ts';
import type { PackageVersion } from '../../orchestrator/ports/published.ts';
import {
  type DependenciesDefinition,
  dependenciesValidator,
} from '../../validators/dependencies.ts';
import { type SecretsDefinition, secretsValidator } from '../../validators/secrets.ts';
import { type SizeDefinition, sizeValidator } from '../../validators/size.ts';
import { testsFile } from '../../validators/test-report.ts';
import { testsWeakenedValidator } from '../../validators/tests-weakened.ts';
import { CHECK } from '../orchestrator/fixtures.ts';
import { factsOf, sha } from '../policies/sample.ts';
import { PLACE, REQUEST, SIGNAL, toolsWith } from './checks.ts';

const { tree } = REQUEST;
const HEX = 'abcdef0123456789';

type Text = { readonly path: string; readonly before?: string; readonly after?: string };

/** Facts of a change that does this to texts. */
function changing(texts: readonly Text[], over: Partial<Facts> = {}): Facts {
  const oid = (at: number, side: number): string => `${HEX[at]}${HEX[side]}`.repeat(20);
  const held: Record<string, string> = {};
  const entries = texts.map(({ path, before, after }, at) => {
    const [oldOid, newOid] = [sha('0'), sha('0')].map((none, side) => {
      const text = side === 0 ? before : after;
      if (text === undefined) return none;
      held[oid(at, side)] = text;
      return oid(at, side);
    }) as [Facts['entries'][number]['oldOid'], Facts['entries'][number]['newOid']];
    const mode = (text: string | undefined): string => (text === undefined ? '000000' : '100644');
    const operation =
      before === undefined
        ? ('add' as const)
        : after === undefined
          ? ('delete' as const)
          : ('modify' as const);
    return { path, operation, oldMode: mode(before), newMode: mode(after), oldOid, newOid };
  });
  return factsOf(entries, { texts: held, ...over });
}

function inspecting<D extends { readonly kind: string }>(
  inspector: (tools: ReturnType<typeof toolsWith>['tools']) => Inspector<D>,
) {
  return async (facts: Facts, definition: D, over: Partial<Inspection<D>> = {}): Promise<Check> => {
    const { tools } = toolsWith({});
    const inspection = { place: PLACE, tree, id: 'look', definition, facts, compared: [], ...over };
    return inspector(tools)(inspection, SIGNAL);
  };
}

const codes = ({ findings }: Check) => findings.map(({ code }) => code);

describe('size', () => {
  const NONE: SizeDefinition = {
    ...{ kind: 'size', advisory: false, maxFiles: null },
    ...{ maxChangedLines: null, maxBytes: null, maxFileBytes: null },
  };
  const sized = inspecting(sizeValidator);
  const facts = factsOf(['a.ts', 'b.ts'], {});
  const measured = (bytes: number): Facts => ({
    ...facts,
    change: { ...facts.change, addedLines: 8, removedLines: 4 },
    blobBytes: Object.fromEntries(facts.entries.map(({ newOid }) => [newOid, bytes])),
  });

  test.each([
    [
      'entries',
      { maxFiles: 2 },
      { maxFiles: 1 },
      'the change has 2 entries; the policy lets 1 through',
    ],
    ['lines', { maxChangedLines: 12 }, { maxChangedLines: 11 }, 'the change has 12 changed lines'],
    ['bytes', { maxBytes: 20 }, { maxBytes: 19 }, 'its new files have 20 bytes'],
    ['the largest file', { maxFileBytes: 10 }, { maxFileBytes: 9 }, 'has 10 bytes'],
  ])('%s up to the limit pass, and one more does not', async (_, fits, shuts, says) => {
    expect(await sized(measured(10), { ...NONE, ...fits })).toMatchObject({ verdict: 'passed' });
    const check = await sized(measured(10), { ...NONE, ...shuts });
    expect(check).toMatchObject({ verdict: 'failed', findings: [{ code: 'too_large' }] });
    expect(check.findings[0]?.message).toContain(says);
  });

  test('a file whose size nobody knows passes nothing', async () => {
    const unknown = { ...measured(10), blobBytes: {} };
    expect(await sized(unknown, { ...NONE, maxBytes: 20 })).toMatchObject({ verdict: 'unknown' });
  });
});

describe('secrets', () => {
  const ANY: SecretsDefinition = { kind: 'secrets', except: [] };
  const looked = inspecting((tools) => secretsValidator(tools));
  const token = `gh${'p_'}aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5`;
  const slack = `https://hooks.${'slack'}.com/services/T0A1B2C3D/B0A1B2C3D/aB3dE5gH7jK9mN1pQ3sT5vW7`;
  const added = (after: string, path = 'src/a.ts', before = '') =>
    changing([{ path, before, after }]);

  test('a change without one passes', async () => {
    expect(await looked(added('export const a = 1;\n'), ANY)).toMatchObject({ verdict: 'passed' });
  });

  test('one that is added fails, and is named by its place and never told', async () => {
    const check = await looked(added(`// fine\nconst t = '${token}';\n`), ANY);
    expect(check).toMatchObject({
      verdict: 'failed',
      findings: [{ code: 'secret_found', where: 'src/a.ts:2' }],
    });
    expect(JSON.stringify(check)).not.toContain(token);
  });

  test('what secretlint alone knows fails too', async () => {
    const grafana = `glsa${'_'}aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF_0a1b2c3d`;
    const check = await looked(added(`see ${grafana}\n`, 'notes.md'), ANY);
    expect(check).toMatchObject({ findings: [{ message: expect.stringContaining('(grafana ') }] });
  });

  test.each([
    ['a comment that switches linters off', `/* secretlint-disable */\nconst t = '${token}';\n`],
    ['a comment for the next line', `// secretlint-disable-next-line\nconst t = '${token}';\n`],
  ])('%s switches nothing off', async (_, text) => {
    expect(await looked(added(text), ANY)).toMatchObject({ verdict: 'failed' });
  });

  test("the tree's own configuration is a text like any other", async () => {
    const rc = { path: '.secretlintrc.json', after: '{"rules":[]}' };
    const facts = changing([rc, { path: 'a.ts', after: `const t = '${token}';\n` }]);
    expect(await looked(facts, ANY)).toMatchObject({ verdict: 'failed' });
  });

  test('what was there before, and only moved, is none', async () => {
    const before = `const t = '${token}';\n`;
    expect(await looked(added(`\n\n${before}`, 'src/a.ts', before), ANY)).toMatchObject({
      verdict: 'passed',
    });
  });

  test('under a path that the policy excepts it is not looked for, and beside it is', async () => {
    const text = `const t = '${slack}';\n`;
    const except = { ...ANY, except: ['test/fixtures/'] };
    expect(await looked(added(text, 'test/fixtures/a.ts'), except)).toMatchObject({
      verdict: 'passed',
    });
    expect(await looked(added(text, 'test/a.ts'), except)).toMatchObject({ verdict: 'failed' });
  });

  test('one that a commit brought and the next took back is found where there are commits', async () => {
    const facts = added('export const a = 1;\n');
    const past = changing([{ path: 'old.ts', after: `const t = '${token}';\n` }]);
    const history = past.entries.map((one) => ({ ...one, newOid: sha('c') }));
    const texts = { ...facts.texts, [sha('c')]: Object.values(past.texts)[0] ?? '' };
    expect(await looked({ ...facts, history, texts }, ANY)).toMatchObject({ verdict: 'failed' });
  });

  test('a search that does not end in its time is unknown and passes nothing', async () => {
    const { tools } = toolsWith({});
    const facts = added('export const a = 1;\n');
    const inspection = { place: PLACE, tree, id: 's', definition: ANY, facts, compared: [] };
    const check = await secretsValidator(tools, 0)(inspection, SIGNAL);
    expect(check).toMatchObject({ verdict: 'unknown', findings: [{ code: 'check_unknown' }] });
  });
});

describe('tests-weakened', () => {
  const RULE = { kind: 'tests-weakened' as const, compare: ['unit'], advisory: false };
  const NONE = { passed: [], failed: [], skipped: [], flaky: [] };
  type Names = Partial<Record<keyof typeof NONE, readonly string[]>>;

  const compared = async (base: Names | null, head: Names | null) => {
    const { tools } = toolsWith({});
    const checkWith = async (names: Names | null): Promise<Check> => {
      if (names === null) return CHECK;
      const bytes = Buffer.from(testsFile({ ...NONE, ...names }));
      const digest = await tools.evidence.put(bytes);
      const file = {
        name: 'tests.json',
        digest,
        bytes: bytes.length,
        mediaType: 'application/json',
      };
      return { ...CHECK, evidence: [file] };
    };
    const pair = { validator: 'unit', base: await checkWith(base), head: await checkWith(head) };
    const inspection = {
      place: PLACE,
      tree,
      id: 'w',
      definition: RULE,
      facts: factsOf(['src/a.ts']),
    };
    return testsWeakenedValidator(tools)({ ...inspection, compared: [pair] }, SIGNAL);
  };

  test('every test of the base that is there still passes, whatever else is new', async () => {
    const check = await compared(
      { passed: ['a'], skipped: ['s'] },
      { passed: ['a', 'b'], failed: ['s'] },
    );
    expect(check).toMatchObject({ verdict: 'passed', findings: [] });
  });

  test.each([
    ['is missing', { passed: ['b'] }, 'the test "a" of the base commit is not there any more'],
    [
      'is skipped',
      { passed: ['b'], skipped: ['a'] },
      'the test "a" of the base commit is skipped now',
    ],
  ])('one that %s is a finding', async (_, head, says) => {
    const check = await compared({ passed: ['a', 'b'] }, head);
    expect(check).toMatchObject({ verdict: 'failed', findings: [{ code: 'tests_weakened' }] });
    expect(check.findings[0]?.message).toBe(`unit: ${says}`);
  });

  test.each([
    ['the base', null, { passed: ['a'] }],
    ['the change', { passed: ['a'] }, null],
  ])('names that %s did not give are unknown', async (_, base, head) => {
    expect(await compared(base, head)).toMatchObject({ verdict: 'unknown' });
  });

  test('a test that says less is a finding by its text', async () => {
    const looked = inspecting(testsWeakenedValidator);
    const text = "test('a', () => { expect(1).toBe(1); });\n";
    const facts = changing([
      { path: 'a.test.ts', before: text, after: text.replace('test(', 'test.skip(') },
    ]);
    expect(new Set(codes(await looked(facts, { ...RULE, compare: [] })))).toEqual(
      new Set(['tests_weakened']),
    );
  });
});

describe('dependencies', () => {
  const DAY = 86_400_000;
  const NOW = new Date('2026-03-10T00:00:00Z');
  const RULE: DependenciesDefinition = {
    ...{ kind: 'dependencies', allow: ['zod', '@acme/*'], coolDownMs: 7 * DAY, advisory: false },
  };
  const integrity = `sha512-${'A'.repeat(86)}==`;
  const lock = (versions: Readonly<Record<string, string>>) =>
    JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': {},
        ...Object.fromEntries(
          Object.entries(versions).map(([name, version]) => [
            `node_modules/${name}`,
            { version, integrity },
          ]),
        ),
      },
    });
  const manifest = (dependencies: object) => JSON.stringify({ name: 'shop', dependencies });

  const asked: PackageVersion[] = [];
  const looked = (daysAgo: number | null) => {
    asked.length = 0;
    return inspecting<DependenciesDefinition>((tools) =>
      dependenciesValidator({
        ...tools,
        clock: () => NOW,
        publishedAt: async (packages) => {
          asked.push(...packages);
          return packages.map(() =>
            daysAgo === null ? null : new Date(NOW.getTime() - daysAgo * DAY),
          );
        },
      }),
    );
  };
  const bumped = (name: string, before: string | null, after: string) =>
    changing([
      {
        path: 'package.json',
        before: manifest(before === null ? {} : { [name]: `^${before}` }),
        after: manifest({ [name]: `^${after}` }),
      },
      {
        path: 'package-lock.json',
        before: lock(before === null ? {} : { [name]: before }),
        after: lock({ [name]: after }),
      },
    ]);

  test('a new version that is old enough passes', async () => {
    expect(await looked(7)(bumped('left-pad', '1.0.0', '1.0.1'), RULE)).toMatchObject({
      verdict: 'passed',
    });
    expect(asked).toEqual([{ name: 'left-pad', version: '1.0.1' }]);
  });

  test('one that is too young does not', async () => {
    const check = await looked(6)(bumped('left-pad', '1.0.0', '1.0.1'), RULE);
    expect(check).toMatchObject({ verdict: 'failed' });
    expect(check.findings[0]?.message).toBe(
      'left-pad@1.0.1 was published 144 hours ago; the policy waits for 168 hours',
    );
  });

  test('one whose age nobody can tell is unknown and passes nothing', async () => {
    expect(await looked(null)(bumped('zod', '1.0.0', '1.0.1'), RULE)).toMatchObject({
      verdict: 'unknown',
    });
  });

  test('a new package passes when the policy allows it', async () => {
    expect(await looked(30)(bumped('@acme/a', null, '1.0.0'), RULE)).toMatchObject({
      verdict: 'passed',
    });
  });

  test('else it does not, and no registry is told of it', async () => {
    const check = await looked(30)(bumped('c2VjcmV0', null, '1.0.0'), RULE);
    expect(check).toMatchObject({ verdict: 'failed' });
    expect(check.findings.map(({ message }) => message)).toEqual([
      'c2VjcmV0 is new, and the policy does not allow it',
      'the lockfile brings c2VjcmV0@1.0.0, and the policy does not allow it',
    ]);
    expect(asked).toEqual([]);
  });

  test.each([
    ['an install script', { scripts: { postinstall: 'node x.js' } }],
    ['a package out of git', { dependencies: { zod: 'git+https://example.com/zod.git' } }],
    ['a package by an address', { dependencies: { zod: 'https://example.com/zod.tgz' } }],
    ['a package out of a folder', { dependencies: { zod: 'file:../zod' } }],
    ['a package of a repository', { dependencies: { zod: 'acme/zod' } }],
  ])('%s does not pass', async (_, after) => {
    const before = manifest({ zod: '^1.0.0' });
    const merged = JSON.stringify({ ...JSON.parse(before), ...after });
    const facts = changing([{ path: 'package.json', before, after: merged }]);
    expect(await looked(30)(facts, RULE)).toMatchObject({ verdict: 'failed' });
  });

  test('a lockfile that nobody can read ages from is unknown', async () => {
    const facts = changing([
      { path: 'package.json', before: manifest({ a: '1.0.0' }), after: manifest({ a: '1.0.1' }) },
      {
        path: 'pnpm-lock.yaml',
        before: 'lockfileVersion: 9\n',
        after: 'lockfileVersion: 9\npackages: {}\n',
      },
    ]);
    expect(await looked(30)(facts, RULE)).toMatchObject({ verdict: 'unknown' });
  });
});
