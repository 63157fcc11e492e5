/** What each risk class asks for. The four names are fixed, so that routes, budgets and pages stay stable. */
import { z } from 'zod';
import {
  type Bind,
  Bind as BindWords,
  type CarryForward,
  CarryForward as CarryForwardWords,
  type Requirement,
  RiskClass,
  type Surface,
  Surface as SurfaceWords,
} from '../../orchestrator/domain/judgement.ts';
import { Duration } from '../units.ts';
import { Approvals, Id, key } from './words.ts';

const DAY_MS = 86_400_000;

const ClassKeys = z.strictObject({
  approvals: key(
    Approvals.optional(),
    'Who must agree; every item of the list.',
    'union, highest count',
  ),
  validators: key(
    z.array(Id).max(50).optional(),
    'Checks that a change of this class must pass, beside those of its gates and its paths. By default none.',
    'union',
  ),
  distinct: key(
    z.boolean().optional(),
    'One person fills one place only, over the whole change. True for critical.',
    'or',
  ),
  surface: key(
    SurfaceWords.optional(),
    'What people see before they agreed: ready-pr, draft-pr, hold, or forbid, which nobody can allow.',
    'the tighter',
  ),
  bind: key(
    BindWords.optional(),
    'What must still be so for a yes to count: the same change, the same tree, or the same tree with the same evidence. By default change, change, tree, evidence.',
    'the tighter',
  ),
  carry_forward: key(
    CarryForwardWords.optional(),
    'scoped: a yes outlives a new tree in which nothing that the gate covers changed. By default never.',
    'never wins',
  ),
  expires: key(
    Duration.optional(),
    'How long a yes stays good. By default 7d, 7d, 72h, 24h.',
    'the shorter',
  ),
});

export type ClassRule = {
  readonly approvals: readonly Requirement[];
  /** Left out where the class names none, so that what it asks of people keeps its digest. */
  readonly validators?: readonly string[];
  readonly distinct: boolean;
  readonly surface: Surface;
  readonly bind: Bind;
  readonly carryForward: CarryForward;
  readonly expiresMs: number;
};

const LOOSE: ClassRule = {
  approvals: [],
  distinct: false,
  surface: 'ready-pr',
  bind: 'change',
  carryForward: 'never',
  expiresMs: 7 * DAY_MS,
};

const CLASS_DEFAULTS: Record<RiskClass, ClassRule> = {
  low: LOOSE,
  medium: LOOSE,
  high: {
    ...LOOSE,
    approvals: [{ group: 'platform', count: 1 }],
    surface: 'hold',
    bind: 'tree',
    expiresMs: 3 * DAY_MS,
  },
  critical: {
    ...LOOSE,
    approvals: [{ group: 'security', count: 1 }],
    distinct: true,
    surface: 'hold',
    bind: 'evidence',
    expiresMs: DAY_MS,
  },
};

const classKey = (what: string) => key(ClassKeys.optional(), what);

export const Classes = z
  .strictObject({
    low: classKey('By default asks nobody.'),
    medium: classKey('By default asks nobody.'),
    high: classKey('By default one of `platform` agrees, and the change is held until then.'),
    critical: classKey('By default one of `security` agrees, and the change is held until then.'),
  })
  .prefault({})
  .transform((given): Record<RiskClass, ClassRule> => {
    const rule = (name: RiskClass): ClassRule => {
      const { expires, carry_forward: carryForward, ...keys } = given[name] ?? {};
      const written = Object.entries({ ...keys, carryForward, expiresMs: expires });
      const set = Object.fromEntries(written.filter(([, value]) => value !== undefined));
      return { ...CLASS_DEFAULTS[name], ...set };
    };
    const [low, medium, high, critical] = RiskClass.options.map(rule) as [
      ClassRule,
      ClassRule,
      ClassRule,
      ClassRule,
    ];
    return { low, medium, high, critical };
  });
