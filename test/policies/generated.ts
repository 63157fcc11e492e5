/** Policies, changes and decisions as property tests make them: every part that a decision looks at. */
import fc from 'fast-check';
import { Entry, type Facts, type Operation } from '../../orchestrator/domain/change.ts';
import { Digest, Person } from '../../orchestrator/domain/ids.ts';
import {
  Assurance,
  Bind,
  CarryForward,
  RiskClass,
  Surface,
} from '../../orchestrator/domain/judgement.ts';
import { type GateHit, join, type LayerDecision } from '../../policies/join.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { ACTIONS } from '../../policies/schema/people.ts';
import { factsOf, load, sha } from './sample.ts';

export const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
export const some = <T>(...values: T[]) => fc.uniqueArray(oneOf(...values));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const digestOf = (seed: string) => Digest.parse(`sha256:${seed.repeat(64)}`);
const people = some('local:ana', 'local:bo', 'local:cy').map((all) =>
  all.map((one) => Person.parse(one)),
);

const slot = fc.record({ group: oneOf('a', 'b', 'c'), count: oneOf(1, 2, 3) });
const choice = fc.record({
  anyOf: oneOf([[{ group: 'a', count: 1 }], [{ group: 'b', count: 1 }]]),
});
const requirements = fc.array(fc.oneof(slot, choice), { maxLength: 3 });

const gate: fc.Arbitrary<GateHit> = fc.record({
  id: oneOf('auth', 'limits', 'unmatched'),
  sources: fc.array(
    fc.record({
      layer: oneOf('org', 'repo'),
      where: oneOf('p:1:1', 'p:2:1'),
      why: oneOf('', 'Because.'),
      riskClass: oneOf(...RiskClass.options),
      surface: oneOf(...Surface.options),
      approvals: requirements,
      definition: oneOf('1', '2').map(digestOf),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  riskClass: oneOf(...RiskClass.options),
  surface: oneOf(...Surface.options),
  bind: oneOf(...Bind.options),
  carryForward: oneOf(...CarryForward.options),
  approvals: requirements,
  validators: some('unit', 'e2e'),
  distinct: fc.boolean(),
  paths: some('x', 'y', 'z'),
  findings: fc.array(
    fc.record({
      key: oneOf('k', 'l'),
      message: oneOf('m', 'n'),
      detector: oneOf(null, 'sql.destructive'),
    }),
    {
      maxLength: 2,
    },
  ),
  expiresMs: oneOf(1, 10, 100),
});

/** Put in order, as every decision of a layer is: two that say the same are then equal. */
export const decision: fc.Arbitrary<LayerDecision> = fc
  .record({
    enforcement: oneOf('evaluate' as const, 'enforce' as const),
    riskClass: oneOf(...RiskClass.options),
    gates: fc.array(gate, { maxLength: 4 }),
    validators: some('unit', 'e2e'),
    denials: fc.array(
      fc.record({
        code: oneOf('no', 'never'),
        message: oneOf('No.', 'Never.'),
        paths: some('x', 'y'),
        where: oneOf('', 'p:1:1'),
      }),
      { maxLength: 3 },
    ),
    groups: fc.dictionary(
      oneOf('a', 'b', 'c'),
      fc.record({ members: people, minAssurance: oneOf(...Assurance.options) }),
    ),
    exemptions: fc.array(
      fc.record({
        id: oneOf('e1', 'e2'),
        gate: oneOf('auth'),
        layer: oneOf('org', 'repo'),
        where: oneOf('p:1:1'),
        paths: oneOf(['x'], ['y']),
        why: oneOf('w'),
        ticket: oneOf(null, 'T'),
        grantedBy: oneOf(Person.parse('local:mo')),
        expires: oneOf('2026-03-01'),
      }),
      { maxLength: 2 },
    ),
    neverDelegated: fc.array(
      fc.record({
        action: oneOf('edit-policy', 'delete-data'),
        absolute: fc.boolean(),
        approvals: fc.array(slot, { maxLength: 2 }),
      }),
      { maxLength: 2 },
    ),
  })
  .map((raw) => ordered(join(raw, raw)));

function ordered(said: LayerDecision): LayerDecision {
  const groups = Object.entries(said.groups).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...said,
    groups: Object.fromEntries(
      groups.map(([group, { members, minAssurance }]) => {
        return [group, { members: [...members].sort(), minAssurance }];
      }),
    ),
  };
}

const PATTERNS = ['src/', 'src/auth/', '**/*.sql', '*.md', '/package.json', 'docs/*', '**', '*.ts'];
export const PATHS = [
  'src/auth/a.ts',
  'src/AUTH/a.ts',
  'src/auth',
  'db/1.sql',
  'README.md',
  'docs/a/b',
  'docs/link',
  'package.json',
  '.proofhouse/workspace.yaml',
];
const patterns = fc.uniqueArray(oneOf(...PATTERNS), { minLength: 1, maxLength: 3 });
const fewPatterns = fc.uniqueArray(oneOf(...PATTERNS), { maxLength: 1 });
const groupName = oneOf('platform', 'security', 'ghosts');
const askedSlot = fc.record({ group: groupName, count: oneOf(1, 2) });
const asked = fc.array(
  fc.oneof(
    askedSlot,
    fc.record({
      any_of: fc.array(fc.array(askedSlot, { minLength: 1, maxLength: 2 }), {
        minLength: 2,
        maxLength: 2,
      }),
    }),
  ),
  { maxLength: 2 },
);
const operations = fc.uniqueArray(
  oneOf('add', 'modify', 'delete', 'mode', 'type', 'link', 'gitlink'),
  { minLength: 1 },
);
const asking = {
  class: oneOf(...RiskClass.options),
  surface: maybe(oneOf(...Surface.options)),
  except: fewPatterns,
  operations: maybe(operations),
  branches: maybe(oneOf(['refs/heads/main'], ['refs/heads/release/*'])),
  approvals: asked,
  validators: some('unit', 'e2e'),
};
const classRule = fc.record(
  {
    approvals: asked,
    distinct: fc.boolean(),
    surface: oneOf(...Surface.options),
    bind: oneOf(...Bind.options),
    carry_forward: oneOf(...CarryForward.options),
    expires: oneOf('1h', '7d'),
  },
  { requiredKeys: [] },
);
const count = maybe(oneOf(1, 2, 4));
const allowed = fc.array(
  fc.oneof(
    fc.record({ via: oneOf('model-gateway', 'package-registry') }),
    fc.record({
      host: oneOf('a.example.com', '*.example.com', 'b.test.example'),
      ports: some(443, 80).filter((ports) => ports.length > 0),
    }),
  ),
  { maxLength: 3 },
);

const sections = fc.record(
  {
    enforcement: oneOf('evaluate', 'enforce'),
    packs: oneOf([], ['builtin:node@1'], ['builtin:github-actions@1']),
    groups: fc.record({
      platform: fc.record({ members: people }),
      security: fc.record({ members: people, min_assurance: oneOf(...Assurance.options) }),
    }),
    classes: fc.record(
      { low: classRule, medium: classRule, high: classRule, critical: classRule },
      { requiredKeys: [] },
    ),
    unmatched: fc.record({ class: oneOf(...RiskClass.options) }),
    gates: fc
      .array(fc.record({ ...asking, paths: patterns, require_with: fewPatterns }), { maxLength: 4 })
      .map((rules) => rules.map((rule, at) => ({ id: `g${at}`, why: 'x', ...rule }))),
    content: fc
      .array(
        fc.record({
          ...asking,
          detect: oneOf('sql.destructive', 'npm.dependency-added'),
          paths: maybe(patterns),
        }),
        { maxLength: 2 },
      )
      .map((rules) => rules.map((rule, at) => ({ id: `c${at}`, ...rule }))),
    limits: fc.record(
      {
        max_files: count,
        max_changed_lines: count,
        max_file_bytes: maybe(oneOf('5B', '20B')),
        max_binary_bytes: maybe(oneOf('5B', '20B')),
        max_new_dependencies: count,
        over: fc.record({ class: oneOf(...RiskClass.options) }),
        absolute: fc.record({ max_files: count, max_changed_lines: count }),
      },
      { requiredKeys: [] },
    ),
    network: maybe(
      fc.record({
        phases: fc.record(
          { setup: fc.record({ allow: allowed }), agent: fc.record({ allow: allowed }) },
          { requiredKeys: [] },
        ),
      }),
    ),
    budgets: fc.record(
      {
        per_task: fc.record(
          {
            usd: oneOf(0, 1, 2),
            tokens: oneOf(1, 2),
            wall: oneOf('1m', '2m'),
            turns: oneOf(1, 2),
            retries: oneOf(0, 8),
            refusals: oneOf(1, 9),
            cache_misses: oneOf(1, 9),
            wrap_up: oneOf(50, 90),
          },
          { requiredKeys: [] },
        ),
        windows: fc.array(
          fc.record({
            of: oneOf('organisation', 'repository', 'requester'),
            per: oneOf('day', 'month'),
            usd: oneOf(1, 2),
          }),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: [] },
    ),
    models: maybe(
      fc.record({
        routes: fc.array(
          fc.record({
            stage: oneOf('code', 'review'),
            class: maybe(oneOf(['low'], ['high', 'critical'])),
            use: some('m1', 'm2', 'm3').filter((use) => use.length > 0),
          }),
          { maxLength: 3 },
        ),
        free: some('m1', 'm2'),
      }),
    ),
    agents: fc.record(
      {
        coder: fc.record(
          {
            write: fc.uniqueArray(oneOf(...PATTERNS), { maxLength: 3 }),
            readonly: fewPatterns,
            hidden: fewPatterns,
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    never_delegate: fc.uniqueArray(
      fc.oneof(
        fc.record({ action: oneOf(...ACTIONS), absolute: oneOf(true) }),
        fc.record({ action: oneOf('edit-policy', ...ACTIONS), gate: askedSlot }),
      ),
      { maxLength: 3, selector: ({ action }) => action },
    ),
    separation: maybe(
      fc.record(
        {
          exclude: some('requester', 'operator', 'committers', 'agents', 'exemption-author'),
          unknown_operator: oneOf('allow', 'block'),
          bots_never_approve: fc.boolean(),
          escalation: oneOf('security', 'platform'),
        },
        { requiredKeys: [] },
      ),
    ),
    exemptions: fc
      .array(
        fc.record({
          gate: oneOf('g0', 'g1', 'c0'),
          paths: patterns,
          expires: oneOf('2026-02-01', '2026-12-31'),
        }),
        { maxLength: 2 },
      )
      .map((rules) =>
        rules.map((rule, at) => ({ id: `e${at}`, why: 'x', granted_by: 'local:mo', ...rule })),
      ),
    delegation: maybe(fc.record({ max_days: oneOf(1, 30), scope: maybe(some('g0', 'g1')) })),
    evidence: maybe(fc.record({ attest: some('verdict', 'approval') })),
  },
  { requiredKeys: [] },
);

/**
 * A layer that has a check for every change, and declares all that its gates ask for: what must be
 * there at all is the one thing that a further layer may bring.
 */
export const layer: fc.Arbitrary<LoadedPolicy> = fc
  .tuple(sections, oneOf('org', 'standalone'))
  .map(([written, kind]) => {
    const check = { run: ['x'], reports: { junit: 'j.xml' } };
    const policy = {
      apiVersion: 'proofhouse/v1',
      kind: 'Policy',
      metadata: { name: 'made', layer: kind, owner: 'platform' },
      ...written,
      validators: { unit: check, e2e: { ...check, required_for: ['src/'] } },
    };
    return load(JSON.stringify(policy, null, 1));
  });

const MODES = ['100644', '100755', '120000', '160000'] as const;
const ABSENT = '000000';

const entry: fc.Arbitrary<Entry> = fc
  .record({
    path: oneOf(...PATHS),
    before: oneOf(ABSENT, ...MODES),
    after: oneOf(ABSENT, ...MODES),
    isSame: fc.boolean(),
  })
  .filter(({ before, after, isSame }) => {
    return before === ABSENT || after === ABSENT
      ? before !== after && !isSame
      : !isSame || before !== after;
  })
  .map(({ path, before, after, isSame }) => {
    return Entry.parse({
      path,
      operation: operationOf(before, after, isSame),
      oldMode: before,
      newMode: after,
      oldOid: sha(before === ABSENT ? '0' : '1'),
      newOid: sha(after === ABSENT ? '0' : isSame ? '1' : '2'),
    });
  });

function operationOf(before: string, after: string, isSame: boolean): Operation {
  if (before === ABSENT) return 'add';
  if (after === ABSENT) return 'delete';
  if (before.slice(0, 3) !== after.slice(0, 3)) return 'type';
  return isSame ? 'mode' : 'modify';
}

export const facts: fc.Arbitrary<Facts> = fc
  .record({
    entries: fc.uniqueArray(entry, { minLength: 1, maxLength: 4, selector: ({ path }) => path }),
    text: oneOf(
      undefined,
      'DROP TABLE a;',
      '{ "dependencies": { "a": "1", "b": "2" } }',
      'elsewhere',
    ),
    bytes: oneOf(undefined, 4, 10, 30),
    isBinary: fc.boolean(),
    target: oneOf('refs/heads/main', 'refs/heads/release/1'),
    madeBy: oneOf(null, 'coder', 'other'),
    lines: oneOf(0, 2, 9),
  })
  .map(({ entries, text, bytes, isBinary, target, madeBy, lines }) => {
    const made = factsOf(entries, {
      texts: { [sha('1')]: 'elsewhere', ...(text === undefined ? {} : { [sha('2')]: text }) },
      blobBytes: bytes === undefined ? {} : { [sha('2')]: bytes },
      binary: isBinary ? [sha('2')] : [],
      target,
      madeBy,
    });
    return { ...made, change: { ...made.change, addedLines: lines } };
  });
