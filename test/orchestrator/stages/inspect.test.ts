/** seal, judge and validate: the stages between the agent and the people. */
import { describe, expect, test } from 'vitest';
import type { Check } from '../../../orchestrator/domain/check.ts';
import { evidenceDigest } from '../../../orchestrator/domain/evidence-digest.ts';
import { Fault } from '../../../orchestrator/domain/faults.ts';
import { NO_RECORDS, type Records } from '../../../orchestrator/domain/records.ts';
import type { Source } from '../../../orchestrator/ports/source.ts';
import type { CheckRequest, Workspaces } from '../../../orchestrator/ports.ts';
import { judge } from '../../../orchestrator/stages/judge.ts';
import { seal } from '../../../orchestrator/stages/seal.ts';
import type { StageTools } from '../../../orchestrator/stages/tools.ts';
import { validate } from '../../../orchestrator/stages/validate.ts';
import { entriesDigest } from '../../../policies/facts.ts';
import { entry } from '../../policies/sample.ts';
import {
  AT,
  approval,
  CHANGE,
  CHECK,
  digest,
  FINDING,
  HOLD,
  RED,
  RITA,
  RUN,
  recordsOf,
  SAM,
  STATES,
  sha,
  TASK,
} from '../fixtures.ts';
import { strict } from '../strict.ts';
import {
  AUTH,
  BASE,
  EDIT,
  POLICY,
  POLICY_PATH,
  type Repository,
  repository,
  SIGNAL,
  sourceOf,
  TREE,
  toolsWith,
} from './tools.ts';

const PLACE = { run: RUN, attempt: 1, repository: TASK.repository, base: BASE };
const sealing: Partial<Workspaces> = { seal: async () => ({ tree: TREE, findings: [] }) };
const treeWith = (entries: Repository['entries'][string], over: Partial<Repository> = {}) =>
  sourceOf(repository({ entries: { [`${BASE} ${TREE}`]: entries }, ...over }));

describe('seal', () => {
  test('gives the change with the digest of its entries', async () => {
    const tools = await toolsWith({ workspaces: sealing });
    expect(await seal(tools, STATES.sealing, TASK, SIGNAL)).toEqual({
      type: 'change_sealed',
      change: {
        base: BASE,
        tree: TREE,
        entries: entriesDigest([EDIT]),
        files: 1,
        addedLines: 3,
        removedLines: 1,
      },
    });
  });

  test('no changed file is nothing changed', async () => {
    const tools = await toolsWith({ workspaces: sealing, source: treeWith([]) });
    expect(await seal(tools, STATES.sealing, TASK, SIGNAL)).toEqual({ type: 'nothing_changed' });
  });

  test('the tree of the attempt before is nothing changed', async () => {
    const tools = await toolsWith({ workspaces: sealing });
    const again = { ...STATES.sealing, previous: { ...CHANGE, tree: TREE } };
    expect(await seal(tools, again, TASK, SIGNAL)).toEqual({ type: 'nothing_changed' });
  });

  test('what the quarantine refused is refused, with its reasons, and is not looked at', async () => {
    const refusing: Partial<Workspaces> = { seal: async () => ({ refused: [FINDING] }) };
    const tools = await toolsWith({
      workspaces: refusing,
      source: strict<Source>('source', { read: sourceOf(repository()).read }),
    });
    expect(await seal(tools, STATES.sealing, TASK, SIGNAL)).toEqual({
      type: 'change_refused',
      findings: [FINDING],
    });
  });

  const link = { ...entry('src/link', 'type'), newOid: sha('9') };

  test.each([
    ['a twin that differs in letter case only', [entry('src/Cart.ts', 'add')], 'src/cart.ts', ''],
    ['a symlink that leads out', [link], 'src/link', '../../etc/passwd'],
    ['a symlink into a git folder', [link], 'src/link', '../.git/config'],
    ['a submodule', [{ ...entry('src/cart.ts', 'type'), newMode: '160000' }], 'src/cart.ts', ''],
    ['a path into a git folder', [entry('x/.git/hooks/post-checkout', 'add')], '', ''],
  ])('%s is refused', async (_, entries, other, target) => {
    const paths = { [TREE]: [...entries.map(({ path }) => path), other].filter(Boolean) };
    const source = treeWith(entries, { paths, blobs: { [sha('9')]: target } });
    const tools = await toolsWith({ workspaces: sealing, source });
    const event = await seal(tools, STATES.sealing, TASK, SIGNAL);
    expect(event).toMatchObject({ type: 'change_refused', findings: [{ code: 'change_refused' }] });
  });

  test('a symlink to its neighbour is let through', async () => {
    const source = treeWith([link], { blobs: { [sha('9')]: 'cart.ts' } });
    const tools = await toolsWith({ workspaces: sealing, source });
    expect((await seal(tools, STATES.sealing, TASK, SIGNAL)).type).toBe('change_sealed');
  });

  test("twins that the base had before are not this change's fault", async () => {
    const paths = { [TREE]: ['README', 'readme', EDIT.path] };
    const source = treeWith([EDIT], { paths });
    const tools = await toolsWith({ workspaces: sealing, source });
    expect((await seal(tools, STATES.sealing, TASK, SIGNAL)).type).toBe('change_sealed');
  });
});

describe('judge', () => {
  const judging = (entries: Repository['entries'][string]) => ({
    ...STATES.judging,
    change: { ...CHANGE, base: BASE, tree: TREE, entries: entriesDigest(entries) },
  });
  const judged = async (entries: Repository['entries'][string], source = treeWith(entries)) =>
    judge(await toolsWith({ source }), judging(entries), TASK, SIGNAL);

  test('a change outside every gate is allowed', async () => {
    expect(await judged([EDIT])).toMatchObject({ judgement: { verdict: 'allow', gates: [] } });
  });

  test('a gated path holds the change for its people', async () => {
    expect(await judged([EDIT, AUTH])).toMatchObject({
      judgement: { verdict: 'hold', gates: [{ id: 'auth', paths: ['src/auth/session.ts'] }] },
    });
  });

  test('a forbidden path denies the change', async () => {
    expect(await judged([entry(POLICY_PATH)])).toMatchObject({ judgement: { verdict: 'deny' } });
  });

  test('a policy in the tree has no say: only the base is read', async () => {
    const source = treeWith([EDIT], { files: { [BASE]: {} } });
    await expect(judged([EDIT], source)).rejects.toMatchObject({ code: 'policy_missing' });
  });

  test('objects that are not what was sealed are broken machinery', async () => {
    const other = judged([EDIT], treeWith([EDIT, AUTH]));
    await expect(other).rejects.toMatchObject({ code: 'git_failed' });
    const refused = judged(
      [EDIT],
      treeWith([{ ...entry('src/cart.ts', 'type'), newMode: '160000' }]),
    );
    await expect(refused).rejects.toMatchObject({ code: 'git_failed' });
  });
});

const two = `${POLICY.replace('validators:\n', 'validators:\n  e2e: { kind: playwright, app: { run: [node, x], port: 3000 }, tests: e2e/ }\n')}`;

type Checks = Readonly<Record<string, Check>>;

async function validated(
  checks: Checks,
  over: Partial<typeof HOLD> = {},
  records: Records = NO_RECORDS,
) {
  const asked: CheckRequest<{ kind: string }>[] = [];
  const answer = async (request: CheckRequest<{ kind: string }>): Promise<Check> => {
    asked.push(request);
    const check = checks[request.id];
    if (check === undefined) throw new Error(`nobody asked for ${request.id}`);
    return check;
  };
  const validators: StageTools['validators'] = { command: answer, playwright: answer };
  const source = sourceOf(repository({ files: { [BASE]: { [POLICY_PATH]: two } } }));
  const tools = await toolsWith({ source, over: { validators } });
  const judgement = { ...HOLD, validators: Object.keys(checks), ...over };
  const run = { ...STATES.validating, judgement, records };
  return { event: await validate(tools, run, TASK, SIGNAL), asked };
}

describe('validate', () => {
  test('runs every validator that was asked for over the sealed tree, as the base defines it', async () => {
    const { event, asked } = await validated({ e2e: { ...CHECK, validator: 'e2e' }, unit: CHECK });
    expect(event).toMatchObject({
      type: 'validation_passed',
      checks: [{ validator: 'e2e' }, CHECK],
    });
    expect(asked).toMatchObject([
      { id: 'e2e', place: PLACE, tree: TREE, definition: { kind: 'playwright' } },
      { id: 'unit', place: PLACE, tree: TREE, definition: { kind: 'command' } },
    ]);
  });

  test.each(['failed', 'unknown'] as const)(
    'one that is %s fails the whole, after all have run',
    async (verdict) => {
      const red = { ...RED, verdict };
      const { event, asked } = await validated({ unit: red, e2e: CHECK });
      expect(event).toEqual({
        type: 'validation_failed',
        checks: [red, CHECK],
        findings: [FINDING],
      });
      expect(asked).toHaveLength(2);
    },
  );

  describe('validators that look, and tests of the base', () => {
    const asking = POLICY.replace(
      'validators:\n',
      `validators:
  exam: { run: [x], reports: { junit: "j.xml" }, tests_from: base }
  weaker: { kind: tests-weakened, compare: [unit], advisory: true }
  small: { kind: size, max_files: 9 }\n`,
    );
    const looked = async (ids: readonly string[], small: Partial<Check> = {}) => {
      const ran: string[] = [];
      const composed = sha('e');
      const inspected = async ({
        id,
        definition,
        compared,
      }: Parameters<StageTools['inspectors']['size']>[0]) => {
        ran.push(
          `${id}: ${compared.map(({ base, head }) => `${base.validator} ${head.validator}`)}`,
        );
        const { kind, advisory } = definition as { kind: string; advisory?: boolean };
        const verdict = id === 'weaker' ? ('failed' as const) : ('passed' as const);
        return { ...CHECK, validator: id, kind, verdict, advisory: advisory ?? false, ...small };
      };
      const one = inspected as never;
      const source = sourceOf(repository({ files: { [BASE]: { [POLICY_PATH]: asking } } }), {
        baseTree: async () => sha('d'),
        withBaseFiles: async (_, tree, taken) => {
          expect([tree, taken('test/a.test.ts'), taken('src/a.ts')]).toEqual([TREE, true, false]);
          return composed;
        },
      });
      const run = async ({ id, tree }: CheckRequest<unknown>) => {
        ran.push(`${id} ${tree[0]}`);
        return { ...CHECK, validator: id };
      };
      const over = {
        validators: { command: run, playwright: run } as StageTools['validators'],
        inspectors: { secrets: one, testsWeakened: one, dependencies: one, size: one },
      };
      const tools = await toolsWith({ source, over });
      const change = { ...STATES.validating.change, entries: entriesDigest([EDIT]) };
      const state = { ...STATES.validating, change, judgement: { ...HOLD, validators: [...ids] } };
      return { event: await validate(tools, state, TASK, SIGNAL), ran };
    };

    test('the exam runs over new code and old tests, and names both', async () => {
      const { event, ran } = await looked(['exam']);
      expect(ran).toEqual(['exam e']);
      const [check] = 'checks' in event ? event.checks : [];
      expect(check?.evidence).toMatchObject([{ name: 'trees.json' }]);
    });

    test('tests are compared over the base and the change, also of a validator that is not asked for', async () => {
      const { event, ran } = await looked(['weaker', 'small']);
      expect(ran).toEqual(['unit b', '-b-unit d', 'weaker: -b-unit unit', 'small: ']);
      expect('checks' in event && event.checks.map(({ validator }) => validator)).toEqual([
        'weaker',
        'small',
      ]);
    });

    test('what is advisory fails nothing', async () => {
      expect((await looked(['weaker', 'small'])).event).toMatchObject({
        type: 'validation_passed',
      });
      const decides = await looked(['weaker', 'small'], { advisory: false });
      expect(decides.event).toMatchObject({ type: 'validation_failed' });
    });

    test('where nothing but advice was asked for, nothing is proved', async () => {
      expect((await looked(['weaker'])).event).toMatchObject({
        type: 'validation_failed',
        findings: [{ code: 'no_tests' }],
      });
    });
  });

  test('a validator that nobody declares is a fault and no pass', async () => {
    const missing = validated({ nobody: CHECK });
    await expect(missing).rejects.toBeInstanceOf(Fault);
    await expect(missing).rejects.toMatchObject({ code: 'policy_invalid' });
  });

  test('the wait ends with the shortest approval that is asked for, and after thirty days at most', async () => {
    const gate = (expiresMs: number, count = 1) => ({
      ...HOLD.gates[0],
      expiresMs,
      approvals: count === 0 ? [] : [{ group: 'security', count }],
    });
    const until = async (...gates: ReturnType<typeof gate>[]): Promise<number> => {
      const { event } = await validated({ unit: CHECK }, { gates: gates as typeof HOLD.gates });
      return event.type === 'validation_passed' ? Date.parse(event.expiresAt) - Date.parse(AT) : 0;
    };
    expect(await until(gate(5_000), gate(3_000), gate(1, 0))).toBe(3_000);
    expect(await until(gate(90 * 86_400_000))).toBe(30 * 86_400_000);
  });
});

describe('what people agreed to before the change was what it is', () => {
  const earlier = {
    subject: { tree: sha('9'), change: digest('9') },
    evidence: { digest: digest('9') },
  };
  const given = approval(RITA, earlier);
  const [gate] = HOLD.gates;
  const bound = (over: object) => ({ gates: gate ? [{ ...gate, ...over }] : [] });
  const counted = async (over: object, records = recordsOf(given)) => {
    const { event } = await validated({ unit: CHECK }, bound(over), records);
    if (event.type !== 'validation_passed') throw new Error(`it is ${event.type}`);
    return event;
  };

  test('counts where nothing that the gate covers changed and the policy carries it, and is told', async () => {
    expect(await counted({ bind: 'tree', carryForward: 'scoped' })).toMatchObject({
      openSlots: 0,
      carried: [given.record.id],
      lapsed: [],
    });
  });

  test.each([
    ['the policy carries nothing', { bind: 'tree', carryForward: 'never' }, 'tree_changed'],
    ['it is bound to evidence', { bind: 'evidence', carryForward: 'scoped' }, 'tree_changed'],
    [
      'what the gate covers changed',
      { bind: 'change', carryForward: 'scoped', scope: digest('9') },
      'scope_changed',
    ],
  ] as const)('does not where %s, and it is told why', async (_, over, code) => {
    expect(await counted(over)).toMatchObject({
      openSlots: 1,
      carried: [],
      lapsed: [{ id: given.record.id, code }],
    });
  });

  test('counts as it is for the same tree that came to the same', async () => {
    const same = approval(RITA, { evidence: { digest: evidenceDigest([CHECK], TREE) } });
    expect(await counted({}, recordsOf(same))).toMatchObject({
      openSlots: 0,
      carried: [],
      lapsed: [],
    });
  });

  test('a veto holds the next change as it held this one', async () => {
    const veto = approval(SAM, { ...earlier, decision: 'reject', reason: 'not this way' });
    const over = { bind: 'tree', carryForward: 'scoped' };
    expect(await counted(over, recordsOf(given, veto))).toMatchObject({
      openSlots: 1,
      lapsed: [{ code: 'vetoed' }],
    });
  });
});

describe('the evidence of checks', () => {
  const e2e = { ...CHECK, validator: 'e2e' };
  const same = evidenceDigest([CHECK, e2e], TREE);

  test('is the same for another run that came to the same', () => {
    const slower = { ...CHECK, wallMs: 99, tests: null, evidence: [] };
    expect(evidenceDigest([e2e, slower], TREE)).toBe(same);
  });

  test.each([
    ['tree', evidenceDigest([CHECK, e2e], BASE)],
    ['verdict', evidenceDigest([{ ...CHECK, verdict: 'failed' }, e2e], TREE)],
    ['definition', evidenceDigest([{ ...CHECK, definition: CHANGE.entries }, e2e], TREE)],
    ['set of validators', evidenceDigest([CHECK], TREE)],
  ])('is another for another %s', (_, other) => {
    expect(other).not.toBe(same);
  });
});
