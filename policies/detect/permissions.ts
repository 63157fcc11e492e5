/**
 * What the token of a workflow may do, job by job. Without a block the token has what the settings
 * of the repository give, which nobody sees here: more than reading, less than what is written out.
 */
import { childrenOf, field, isRecord } from '../plain-data.ts';

const LEVELS = { none: 0, read: 1, default: 2, write: 3 } as const;
type Level = (typeof LEVELS)[keyof typeof LEVELS];

/** The level of each scope that is named, and of all others. */
export type Permissions = { readonly named: ReadonlyMap<string, Level>; readonly others: Level };

export type Grants = {
  readonly workflow: Permissions;
  readonly jobs: ReadonlyMap<
    string,
    { readonly permissions: Permissions; readonly isOwn: boolean }
  >;
};

const DEFAULT: Permissions = { named: new Map(), others: LEVELS.default };
export const NO_GRANTS: Grants = { workflow: DEFAULT, jobs: new Map() };

export type Widening = {
  /** The job, or null for the whole workflow. */
  readonly job: string | null;
  /** A scope and its new level, `write-all`, `read-all` or `default`. */
  readonly what: string;
};

export function grantsOf(value: unknown): Grants {
  const workflow = permissionsOf(value) ?? DEFAULT;
  const jobs = childrenOf(field(value, 'jobs')).map(([name, job]) => {
    const own = permissionsOf(job);
    return [String(name), { permissions: own ?? workflow, isOwn: own !== null }] as const;
  });
  return { workflow, jobs: new Map(jobs) };
}

export function wideningsOf(before: Grants, after: Grants): Widening[] {
  const whole = widened(before.workflow, after.workflow);
  const jobs = [...after.jobs].flatMap(([job, { permissions, isOwn }]) => {
    // A new job is measured by what one without a block would have had.
    const old = before.jobs.get(job)?.permissions ?? before.workflow;
    return widened(old, permissions)
      .filter((what) => isOwn || !whole.includes(what))
      .map((what) => ({ job, what }));
  });
  return [...whole.map((what) => ({ job: null, what })), ...jobs];
}

function widened(before: Permissions, after: Permissions): string[] {
  if (after.others > before.others) {
    return [after.others === LEVELS.default ? 'default' : `${nameOf(after.others)}-all`];
  }
  return [...after.named]
    .filter(([scope, level]) => level > (before.named.get(scope) ?? before.others))
    .map(([scope, level]) => `${scope}: ${nameOf(level)}`);
}

/** Null where nothing is said. What is no permission that we know counts as the most. */
function permissionsOf(holder: unknown): Permissions | null {
  const block = field(holder, 'permissions');
  if (block === undefined || block === null) return null;
  if (!isRecord(block)) {
    const word = String(block).trim().toLowerCase();
    return { named: new Map(), others: word === 'read-all' ? LEVELS.read : LEVELS.write };
  }
  const named = Object.entries(block).map(([scope, level]) => {
    return [scope.toLowerCase(), levelOf(level)] as const;
  });
  return { named: new Map(named), others: LEVELS.none };
}

function levelOf(level: unknown): Level {
  const word = String(level).trim().toLowerCase();
  return word === 'none' ? LEVELS.none : word === 'read' ? LEVELS.read : LEVELS.write;
}

function nameOf(level: Level): string {
  return level === LEVELS.read ? 'read' : 'write';
}
