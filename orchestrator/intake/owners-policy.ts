/**
 * A policy that asks the same people as a CODEOWNERS file. There the last line that matches counts
 * alone; here all gates count, so each gate leaves out what later lines take from it. What cannot be
 * said exactly is said in comments, and asks for no less. Pure.
 */

import type { Owners, OwnersEntry, OwnersProblem } from '../../policies/codeowners.ts';
import { compileGlob } from '../../policies/glob.ts';
import { type Asked, askedBy, type People } from './owners-people.ts';
import { oneLine, quoted } from './yaml-line.ts';

export type OwnersImport = {
  readonly name: string;
  /** Logins of addresses, in lower case. */
  readonly logins: ReadonlyMap<string, string>;
};

const EXCEPT_MAX = 200;
const GATES_MAX = 499;
const YAML_MAX = 250_000;

export function ownersPolicy(
  owners: Owners,
  options: OwnersImport,
): { yaml: string } | { problems: readonly OwnersProblem[] } {
  if (owners.problems.length > 0) return { problems: owners.problems };
  const people = askedBy(owners.entries, options.logins);
  if ('problems' in people) return people;
  const entries = counting(owners.entries);
  const gates = gatesOf(entries, people);
  const problems = tooMuch(gates);
  if (problems.length > 0) return { problems };
  const [first] = gates;
  if (first === undefined) {
    return {
      problems: [{ line: 1, message: 'no line has an owner, so there is nothing to import' }],
    };
  }
  const owner = ownerOf(owners, people) ?? first.asked.groups[0] ?? '';
  const yaml = [
    ...head(owners.path, options.name, owner),
    ...groupLines(people),
    ...classLines(owner),
    'gates:',
    ...POLICY_GATE,
    ...gates.flatMap((gate) => gateLines(owners.path, gate)),
    ...CHECKS,
  ].join('\n');
  const longest = `the policy would be longer than ${YAML_MAX} characters; split the file first`;
  return yaml.length > YAML_MAX ? { problems: [{ line: 1, message: longest }] } : { yaml };
}

/** Lines that a later one takes everything from never count. */
function counting(entries: readonly OwnersEntry[]): OwnersEntry[] {
  const all = entries.findLastIndex(({ pattern }) => ['*', '**', '/**'].includes(pattern));
  const last = new Map(entries.map(({ pattern }, index) => [pattern, index]));
  return entries.filter(({ pattern }, index) => index >= all && last.get(pattern) === index);
}

type Gate = {
  readonly line: number;
  readonly paths: readonly string[];
  readonly except: readonly string[];
  readonly asked: Asked;
};

function gatesOf(entries: readonly OwnersEntry[], people: People): Gate[] {
  const gates: Gate[] = [];
  let before = '';
  for (const [index, { pattern, line, owners }] of entries.entries()) {
    const asked = people.of(owners);
    const key = asked?.key ?? '';
    const previous = gates.at(-1);
    if (previous !== undefined && asked !== null && key === before) {
      // Lines of the same people with none between are one gate.
      gates[gates.length - 1] = { ...previous, paths: [...previous.paths, pattern] };
    } else if (asked !== null) {
      gates.push({ line, paths: [pattern], except: [], asked });
    }
    const open = gates.at(-1);
    if (open && asked !== null) {
      const except = [...open.except, ...taken(entries.slice(index + 1), { pattern, key }, people)];
      gates[gates.length - 1] = { ...open, except: [...new Set(except)] };
    }
    before = key;
  }
  return gates;
}

/** Patterns of later lines with other owners, or none, that may cover a path of this one. */
function taken(
  later: readonly OwnersEntry[],
  { pattern, key }: { readonly pattern: string; readonly key: string },
  people: People,
): string[] {
  return later
    .filter(({ owners }) => (people.of(owners)?.key ?? '') !== key)
    .map((entry) => entry.pattern)
    .filter((other) => mayMeet(pattern, other));
}

/** Two patterns from the root whose first folders have other names cover nothing in common. */
function mayMeet(a: string, b: string): boolean {
  const [one, other] = [rooted(a), rooted(b)];
  if (one === null || other === null) return true;
  for (const [index, name] of one.entries()) {
    const twin = other[index];
    if (twin === undefined || /[*?\\]/.test(name) || /[*?\\]/.test(twin)) return true;
    if (name !== twin) return false;
  }
  return true;
}

function rooted(pattern: string): string[] | null {
  const inner = pattern.replace(/^\//, '').replace(/\/$/, '');
  return pattern.startsWith('/') || inner.includes('/') ? inner.split('/') : null;
}

function tooMuch(gates: readonly Gate[]): OwnersProblem[] {
  const over = gates
    .filter(({ except, paths }) => except.length > EXCEPT_MAX || paths.length > EXCEPT_MAX)
    .map(({ line }) => {
      const message = `more than ${EXCEPT_MAX} later lines may take paths from this one, and a gate names no more`;
      return { line, message };
    });
  const many = gates[GATES_MAX];
  if (many === undefined) return over;
  return [...over, { line: many.line, message: `a policy has at most ${GATES_MAX} gates` }];
}

/** Who owns the file itself is asked about the policy. */
function ownerOf({ path, entries }: Owners, people: People): string | null {
  const last = entries.findLast(({ pattern }) => compileGlob(pattern, { self: false })(path));
  return (last && people.of(last.owners)?.groups[0]) ?? null;
}

function head(path: string, name: string, owner: string): string[] {
  return [
    `# Made from ${oneLine(path)}: each gate asks the people of its lines, and of one line any one of them.`,
    '# Where it asks for more than that file did:',
    '#   - a folder that became a symlink or a file still belongs to its owners;',
    '#   - a path that differs from an owned one in letter case or Unicode form only is critical;',
    '#   - symlinks, submodules and what becomes one are high, and edits of this folder critical;',
    '#   - nobody approves what they asked for or had a hand in.',
    '# Look at it with:  proofhouse policy lint   and   proofhouse policy explain PATH',
    'apiVersion: proofhouse/v1',
    'kind: Policy',
    `metadata: { name: ${quoted(oneLine(name) || 'repository')}, layer: standalone, owner: ${quoted(owner)} }`,
    '',
  ];
}

function groupLines(people: People): string[] {
  return [
    'groups:',
    ...people.groups.map(({ name, team, members }) =>
      team === null
        ? `  ${quoted(name)}: { members: [${members.map(quoted).join(', ')}] }`
        : `  ${quoted(name)}: { github_team: ${quoted(team)} }`,
    ),
    '',
  ];
}

function classLines(owner: string): string[] {
  return [
    '# The gates below are medium and ask their own people. These two are for what Proofhouse adds.',
    'classes:',
    `  high: { approvals: [{ group: ${quoted(owner)}, count: 1 }] }`,
    `  critical: { approvals: [{ group: ${quoted(owner)}, count: 1 }] }`,
    '',
    '# A path without an owner asks nobody, as before. medium or high would be safer.',
    'unmatched: { class: low }',
    '',
  ];
}

const POLICY_GATE = [
  '  - id: policy',
  '    why: The rules that agents are judged by.',
  '    class: critical',
  '    paths: ["/.proofhouse/"]',
];

const CHECKS = [
  '',
  '# Say what proves a change; without a validator every change is denied. For example:',
  '# validators:',
  '#   unit: { run: [npm, test], reports: { junit: "reports/*.xml" } }',
  '',
];

function gateLines(path: string, { line, paths, except, asked }: Gate): string[] {
  const list = (patterns: readonly string[]): string => `[${patterns.map(quoted).join(', ')}]`;
  return [
    ...asked.notes.map((note) => `  # ${oneLine(note)}`),
    `  - id: owners-${line}`,
    `    why: ${quoted(`Line ${line} of ${oneLine(path)}.`)}`,
    '    class: medium',
    `    paths: ${list(paths)}`,
    ...(except.length > 0 ? [`    except: ${list(except)}`] : []),
    `    approvals: [${approval(asked.groups)}]`,
  ];
}

function approval(groups: readonly string[]): string {
  const slots = groups.map((group) => `{ group: ${quoted(group)}, count: 1 }`);
  return slots.length === 1
    ? (slots[0] ?? '')
    : `{ any_of: [${slots.map((slot) => `[${slot}]`).join(', ')}] }`;
}
