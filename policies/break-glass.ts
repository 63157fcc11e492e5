/**
 * Opening gates in an emergency: enough different people of the groups named, the same incident, the
 * very tree and evidence, within the time the policy gives. Validators have run all the same; what the
 * policy says is never opened stays shut, and so does what somebody vetoed.
 */
import type { Person } from '../orchestrator/domain/ids.ts';
import type { BreakGlass, GateJudgement, Judgement } from '../orchestrator/domain/judgement.ts';
import type { GlassUse } from '../orchestrator/domain/records.ts';
import { isRules, keyed } from './gates.ts';
import { groupOf, isEnough, isIn } from './membership.ts';
import { gateOf, type Held, type Moment } from './moment.ts';
import { isSameHuman, separated } from './separation.ts';
import { standingVetoes } from './veto.ts';

const CLOCK_SKEW_MS = 5 * 60_000;
/** What these detectors find is no matter of agreement: a secret in a tree has leaked. */
const SECRETS = 'secret.';

/** A gate that an emergency opened, and by whom. */
export type Opened = {
  readonly gate: string;
  readonly by: readonly Person[];
  readonly uses: readonly string[];
  readonly incidentUrl: string;
};

export function openedByGlass(moment: Moment): Opened[] {
  const vetoed = new Set(standingVetoes(moment).map(({ gate }) => gate));
  return moment.judgement.gates.flatMap((gate) => {
    if (vetoed.has(gate.id) || shutForGood(gate, moment.judgement) !== null) return [];
    const found = opening(gate.id, moment);
    return found === null ? [] : [found];
  });
}

/** Why this gate is opened by no emergency; null when one may. */
export function shutForGood(gate: GateJudgement, { breakGlass }: Judgement): string | null {
  if (breakGlass === null) return 'The policy has no break_glass.';
  // A gate on an action is named `never.` and the action.
  const names = [gate.id, ...gate.findings.map(({ detector }) => detector)];
  const isNever = breakGlass.never.some((one) => names.includes(one) || gate.id === `never.${one}`);
  if (isNever) return `The policy never opens gate ${gate.id}.`;
  if (breakGlass.never.includes('edit-policy') && gate.paths.some((path) => isRules(keyed(path))))
    return `Gate ${gate.id} covers the rules themselves, and the policy never opens them.`;
  if (gate.surface === 'forbid') return `Gate ${gate.id} forbids the change.`;
  const secret = gate.findings.find(({ detector }) => detector?.startsWith(SECRETS));
  return secret ? `Gate ${gate.id} found a secret: ${secret.message}` : null;
}

/** Why this use counts for nothing; null when it counts. */
export function glassProblem(
  { record, isAuthentic }: Held<GlassUse>,
  moment: Moment,
): string | null {
  const { breakGlass } = moment.judgement;
  if (breakGlass === null) return 'The policy has no break_glass.';
  if (!isAuthentic) return `The signature of ${record.by.id} does not hold.`;
  return (
    placeProblem(record, moment) ??
    personProblem(record, breakGlass, moment) ??
    wordsProblem(record, breakGlass) ??
    timeProblem(record, breakGlass, moment)
  );
}

function opening(gate: string, moment: Moment): Opened | null {
  const { breakGlass } = moment.judgement;
  const good = moment.records.glass
    .filter((held) => held.record.gates.includes(gate) && glassProblem(held, moment) === null)
    .map(({ record }) => record);
  for (const { incidentUrl } of good) {
    const same = good.filter((use) => use.incidentUrl === incidentUrl);
    const people = differentHumans(same, moment);
    if (breakGlass !== null && people.length >= Math.max(2, breakGlass.count))
      return { gate, by: people, uses: same.map(({ id }) => id), incidentUrl };
  }
  return null;
}

function differentHumans(uses: readonly GlassUse[], { involved }: Moment): Person[] {
  const people: Person[] = [];
  for (const { by } of uses)
    if (!people.some((person) => isSameHuman(person, by.id, involved))) people.push(by.id);
  return people;
}

function placeProblem(use: GlassUse, moment: Moment): string | null {
  const { change, evidence, task, repo, targetRef } = moment;
  const isHere = use.task === task && use.repo === repo && use.targetRef === targetRef;
  if (!isHere) return `${use.by.id} broke the glass for another change.`;
  const isSame =
    use.tree === change.tree && use.change === change.entries && use.evidence === evidence;
  if (!isSame) return `${use.by.id} broke the glass for another tree or other evidence.`;
  if (use.policy !== moment.judgement.policy)
    return `${use.by.id} broke the glass under another policy.`;
  const unknown = use.gates.find((gate) => gateOf(moment, gate) === null);
  return unknown === undefined ? null : `The change has no gate named ${unknown}.`;
}

function personProblem(use: GlassUse, { groups }: BreakGlass, moment: Moment): string | null {
  const { id } = use.by;
  const excluded = separated({ by: id, onBehalfOf: null, gate: use.gates[0] ?? '' }, moment);
  if (excluded) return excluded.reason;
  const theirs = groups.filter(
    (group) => use.by.groups.includes(group) && isIn(moment.judgement, id, group),
  );
  if (theirs.length === 0)
    return `${id} is not in ${groups.join(' or ')}, who may break the glass.`;
  const { assurance } = use.auth;
  const isSure = theirs.some((group) =>
    isEnough(assurance, groupOf(moment.judgement, group).minAssurance),
  );
  return isSure ? null : `${theirs.join(' and ')} must be known by more than ${assurance}.`;
}

function wordsProblem(use: GlassUse, rule: BreakGlass): string | null {
  if ([...use.reason.trim()].length < rule.reasonMinChars)
    return `The reason needs at least ${rule.reasonMinChars} characters.`;
  return isUnder(use.incidentUrl, rule.incidentUrl)
    ? null
    : `The incident's address must begin with ${rule.incidentUrl}`;
}

/** Compared as addresses: as text, `https://inc.example.evil` begins with `https://inc.example`. */
function isUnder(address: string, above: string): boolean {
  if (!URL.canParse(address) || !URL.canParse(above)) return false;
  const [found, wanted] = [new URL(address), new URL(above)];
  const folder = wanted.pathname.endsWith('/') ? wanted.pathname : `${wanted.pathname}/`;
  const isPlain = found.username === '' && found.password === '';
  return isPlain && found.origin === wanted.origin && `${found.pathname}/`.startsWith(folder);
}

function timeProblem(use: GlassUse, { maxDurationMs }: BreakGlass, { now }: Moment): string | null {
  const from = Date.parse(use.createdAt);
  const at = Date.parse(now);
  if (Number.isNaN(from) || Number.isNaN(at)) return `The time of ${use.by.id} cannot be read.`;
  if (from > at + CLOCK_SKEW_MS) return `${use.by.id} broke the glass in the future.`;
  const end = from + maxDurationMs;
  return at < end
    ? null
    : `The time for which ${use.by.id} broke the glass ended at ${new Date(end).toISOString()}.`;
}
