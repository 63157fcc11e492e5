/** Who is asked, who never counts, what is never left to an agent, and what an emergency may open. */
import { z } from 'zod';
import { Person } from '../../orchestrator/domain/ids.ts';
import { Assurance, Excluded } from '../../orchestrator/domain/judgement.ts';
import { nearest } from '../nearest.ts';
import { Duration } from '../units.ts';
import { Globs, GroupName, Id, key, Line, Slot, uniqueIds } from './words.ts';

const Group = z
  .strictObject({
    members: key(z.array(Person).max(1_000).optional(), 'People, written provider:login.'),
    github_team: key(
      z
        .string()
        .regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, 'expected organisation/team')
        .optional(),
      'A team of GitHub, as organisation/team.',
    ),
    file: key(
      z
        .string()
        .regex(
          /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[^\0\\]+$/,
          'expected a path below the root, without `..`',
        )
        .optional(),
      'A file at the base commit with one person a line.',
    ),
    min_assurance: key(
      Assurance.default('session'),
      'How sure one must be who it is: session (this machine), forge, or signed.',
      'the higher',
    ),
  })
  .check((context) => {
    const { members, github_team: team, file } = context.value;
    if ([members, team, file].filter((from) => from !== undefined).length === 1) return;
    const message = 'expected one of `members`, `github_team` and `file`';
    context.issues.push({ code: 'custom', input: context.value, message });
  })
  .transform(({ members, github_team: team, file, min_assurance: minAssurance }) => ({
    // A person named twice is one person.
    members: members === undefined ? null : [...new Set(members)].sort(),
    /** Key of the snapshot among the facts, where the policy does not name people itself. */
    from: team === undefined ? (file === undefined ? null : `file:${file}`) : `github_team:${team}`,
    file: file ?? null,
    minAssurance,
  }));
export type GroupRule = z.output<typeof Group>;

export const Groups = z.record(GroupName, Group).default({});

export const ACTIONS = [
  'approve-own-work',
  'edit-policy',
  'edit-audit',
  'disable-validator',
  'change-branch-protection',
  'grant-access',
  'rotate-secret',
  'read-secret',
  'merge-default-branch',
  'force-push',
  'publish-release',
  'sign-release',
  'deploy-production',
  'run-migration-in-production',
  'delete-data',
  'send-external-message',
  'change-model-route',
  'raise-budget',
] as const;

/** Text first, so that an unknown action is told under the code that is its own. */
const Action = z
  .string()
  .meta({ enum: [...ACTIONS] })
  .check(({ value, issues }) => {
    if (ACTIONS.some((action) => action === value)) return;
    const guess = nearest(value, ACTIONS);
    const hint = guess === null ? `known: ${ACTIONS.join(', ')}` : `did you mean \`${guess}\`?`;
    const message = `there is no action \`${value.slice(0, 60)}\``;
    issues.push({ code: 'custom', input: value, message, params: { code: 'P0405', hint } });
  })
  .pipe(z.enum(ACTIONS));

const Never = z
  .strictObject({
    action: key(Action, 'What an agent never does by itself.'),
    absolute: key(z.boolean().default(false), 'Nobody can allow it.', 'or'),
    gate: key(
      Slot.optional(),
      'Who can allow it, where it is not absolute.',
      'union, highest count',
    ),
  })
  .check((context) => {
    const { absolute, gate } = context.value;
    if (absolute !== (gate !== undefined)) return;
    const message = 'expected either `absolute: true` or a `gate`';
    context.issues.push({ code: 'custom', input: context.value, message });
  });

export const NeverDelegate = z
  .array(Never)
  .max(50)
  .check((context) => {
    const seen = new Set<string>();
    for (const [index, { action }] of context.value.entries()) {
      const message = `\`${action}\` was given before`;
      const path = [index, 'action'];
      if (seen.has(action)) context.issues.push({ code: 'custom', input: action, message, path });
      seen.add(action);
    }
  })
  .default([]);

export const Separation = z
  .strictObject({
    exclude: key(
      z.array(Excluded).default([]),
      'Whose approval never counts. Who asked for the change never counts, written or not. By default all.',
      'union',
    ),
    unknown_operator: key(
      z.enum(['allow', 'block']).default('block'),
      'Whether anybody may approve while nobody knows who queued the task.',
      'block wins',
    ),
    bots_never_approve: key(z.boolean().default(true), 'No agent or bot fills a place.', 'or'),
    escalation: key(
      GroupName.optional(),
      "The group whose members may lift somebody else's veto, with a reason.",
      'all of them',
    ),
  })
  .transform(({ exclude, unknown_operator, bots_never_approve, escalation }) => ({
    exclude,
    unknownOperator: unknown_operator,
    botsNeverApprove: bots_never_approve,
    escalation: escalation ?? null,
  }))
  .optional();

const Exemption = z
  .strictObject({
    id: key(Id, 'Name of the exemption.'),
    gate: key(Id, 'The gate of this very file that it excuses from.'),
    paths: key(Globs.min(1, 'expected at least one pattern'), 'Path-globs that are excused.'),
    why: key(Line, 'Why.'),
    ticket: key(Line.optional(), 'Where it is tracked.'),
    granted_by: key(Person, 'Who granted it; they never approve a change that uses it.'),
    expires: key(
      z.iso.date('expected a day such as 2026-12-31'),
      'The last day it holds, at most 90 days away.',
    ),
  })
  .transform(({ granted_by: grantedBy, ticket, ...rest }) => ({
    ...rest,
    ticket: ticket ?? null,
    grantedBy,
  }));
export type ExemptionRule = z.output<typeof Exemption>;
export const Exemptions = z.array(Exemption).max(200).check(uniqueIds('exemption')).default([]);

const HOUR_MS = 3_600_000;
const GLASS_MAX_MS = 2 * HOUR_MS;

export const BreakGlass = z
  .strictObject({
    groups: key(
      z.array(GroupName).min(1).max(10),
      'Who may, together with a second person of them.',
    ),
    count: key(
      z.int().min(2, 'expected at least two people').max(10).default(2),
      'How many people.',
    ),
    max_duration: key(
      Duration.refine((ms) => ms <= GLASS_MAX_MS, 'expected at most 2h').prefault('2h'),
      'How long it stays open.',
    ),
    reason_min_chars: key(z.int().min(10).max(500).default(30), 'How much must be said.'),
    incident_url: key(
      z.url({ protocol: /^https$/, error: 'expected an address that begins with https://' }),
      'What the address of the incident begins with.',
    ),
    never: key(
      z.array(Id).max(50).default(['edit-policy', 'secrets', 'audit']),
      'Gates, actions and checks that no emergency opens.',
    ),
    review_within: key(Duration.prefault('48h'), 'When somebody must have looked at it again.'),
  })
  .transform((given) => ({
    groups: given.groups,
    count: given.count,
    maxDurationMs: given.max_duration,
    reasonMinChars: given.reason_min_chars,
    incidentUrl: given.incident_url,
    never: given.never,
    reviewWithinMs: given.review_within,
  }))
  .optional();

const DAY_MS = 24 * HOUR_MS;

export const Delegation = z
  .strictObject({
    max_days: key(z.int().min(1).max(30), 'For how long a vote may be handed on.', 'the smaller'),
    scope: key(
      z.array(Id).max(100).optional(),
      'Gates it may be handed on for. By default any.',
      'what all allow',
    ),
  })
  .transform(({ max_days: days, scope }) => ({ maxMs: days * DAY_MS, scope: scope ?? null }))
  .optional();
