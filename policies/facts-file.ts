/**
 * The facts of a change as people and programs of theirs write them: the published input of
 * `policy decide --facts FACTS.json`, and what evidence holds.
 *
 * What can be computed need not be told, and is refused when it is told wrongly. A path that is
 * never let out of a workspace is no mistake of the file: whoever decides denies it.
 */
import { z } from 'zod';
import { type Entry, type Facts, Operation } from '../orchestrator/domain/change.ts';
import { Person } from '../orchestrator/domain/ids.ts';
import { entriesDigest, modeRefusal, operationOf } from './facts.ts';
import { issuesOf, type SchemaIssue } from './schema-issues.ts';

const TEXT_MAX = 2 ** 20;
const ENTRIES_MAX = 100_000;
const PROBLEMS_MAX = 50;
const ABSENT_OID = '0'.repeat(40);

const Count = z.int().nonnegative();

const ObjectId = z
  .string()
  .regex(/^[0-9a-f]{40}$/, 'an object id is 40 hex digits in lower case')
  .brand<'Sha'>();

const EntriesDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'a digest is sha256: and 64 hex digits in lower case')
  .brand<'Digest'>();

const Path = z
  .string()
  // As bytes all halves are alike, so two names would have one digest.
  .refine((path) => path.isWellFormed(), 'half a character (a lone surrogate) is in no path');

const Mode = z
  .string()
  .regex(
    /^[0-7]{6}$/,
    'a mode is six octal digits, as in 100644; 000000 is a file that is not there',
  );

const FileEntry = z
  .strictObject({
    path: Path.meta({ description: 'Path from the root of the repository, as git has it.' }),
    operation: Operation.optional().meta({
      description:
        'What the change does here. Follows from modes and objects, and may be left out.',
    }),
    oldMode: Mode.meta({ description: 'Mode before: six octal digits, 000000 for not there.' }),
    newMode: Mode.meta({ description: 'Mode after: six octal digits, 000000 for not there.' }),
    oldOid: ObjectId.meta({ description: 'Object id before; 40 zeros for not there.' }),
    newOid: ObjectId.meta({ description: 'Object id after; 40 zeros for not there.' }),
  })
  .meta({ description: 'One line of git diff-tree -r --raw --no-renames: a rename is two.' });
type FileEntry = z.infer<typeof FileEntry>;

const FileChange = z.strictObject({
  base: ObjectId.meta({ description: 'Commit that the change starts from.' }),
  tree: ObjectId.meta({ description: 'Tree that the change ends with.' }),
  addedLines: Count.default(0).meta({ description: 'Lines added, over all files.' }),
  removedLines: Count.default(0).meta({ description: 'Lines removed, over all files.' }),
  entries: EntriesDigest.optional().meta({
    description:
      'Digest of the entries. Computed; one that differs from what is listed is refused.',
  }),
  files: Count.optional().meta({
    description: 'Number of entries. Counted; another number than is listed is refused.',
  }),
});

export const FactsFile = z
  .strictObject({
    change: FileChange.meta({ description: 'The change as a whole.' }),
    entries: z
      .array(FileEntry)
      .max(ENTRIES_MAX)
      .meta({ description: 'Every file that the change touches, both sides of a rename.' }),
    blobBytes: z.record(ObjectId, Count).default({}).meta({
      description:
        'Size in bytes of every new blob, by object id. One left out counts as too large.',
    }),
    binary: z
      .array(ObjectId)
      .default([])
      .meta({ description: 'New blobs with a NUL in their first 8,000 bytes or invalid UTF-8.' }),
    target: z
      .string()
      .regex(/^refs\/[^/\s]+\/\S+$/, 'a target is a whole ref, as in refs/heads/main')
      .default('refs/heads/main')
      .meta({ description: 'Ref that the change is meant for.' }),
    texts: z.record(ObjectId, z.string().max(TEXT_MAX)).default({}).meta({
      description:
        'Text of blobs of either side and targets of symlinks, by object id. A rule that needs one left out fires.',
    }),
    roots: z
      .array(z.string())
      .default([])
      .meta({ description: 'Names at the root of the base tree.' }),
    history: z
      .array(FileEntry)
      .max(ENTRIES_MAX)
      .default([])
      .meta({ description: 'Entries of the commits in between, where there are any.' }),
    groups: z
      .record(
        z
          .string()
          .regex(/^(github_team|file):./, 'a group is named github_team:ORG/TEAM or file:PATH'),
        z.array(Person),
      )
      .default({})
      .meta({ description: 'Members of the groups that a policy names by team or by file.' }),
    madeBy: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'Role of the agent that made the change; null for people.' }),
  })
  .meta({
    title: 'Facts of a change',
    description: 'Everything that a policy may look at when it judges a change.',
  });
type FactsFile = z.infer<typeof FactsFile>;

/** Where in the file, as in `entries[3].oldMode`, and what is wrong there. */
export type FactsProblem = { readonly path: string; readonly message: string };

export function readFacts(json: unknown): { facts: Facts } | { problems: FactsProblem[] } {
  const read = issuesOf(FactsFile, json);
  if ('issues' in read) return { problems: read.issues.slice(0, PROBLEMS_MAX).map(problemOf) };
  const { change, entries, history, ...rest } = read.value;
  const problems = [
    ...entryProblems('entries', entries),
    ...repeated(entries),
    ...entryProblems('history', history),
  ];
  if (problems.length > 0) return { problems: problems.slice(0, PROBLEMS_MAX) };
  const listed = entries.flatMap(withOperation);
  const computed = { entries: entriesDigest(listed), files: listed.length };
  const wrong = untrue(change, computed);
  if (wrong.length > 0) return { problems: wrong };
  const facts = { ...rest, entries: listed, history: history.flatMap(withOperation) };
  return { facts: { ...facts, change: { ...change, ...computed } } };
}

function entryProblems(list: string, entries: readonly FileEntry[]): FactsProblem[] {
  return entries.flatMap((entry, at) => {
    const message = entryProblem(entry);
    return message === null ? [] : [{ path: `${list}[${at}]`, message }];
  });
}

function entryProblem(entry: FileEntry): string | null {
  const { oldMode, oldOid, newMode, newOid, operation: told } = entry;
  for (const [side, mode, oid] of [
    ['old', oldMode, oldOid],
    ['new', newMode, newOid],
  ] as const) {
    if ((mode === '000000') !== (oid === ABSENT_OID)) {
      return `${side}Mode is ${mode} and ${side}Oid is ${oid}: a file that is not there has both all zeros`;
    }
  }
  const refusal = modeRefusal(entry);
  // A submodule leaves no workspace either; but a policy may have gates for them.
  if (refusal?.code === 'mode') return `the entry ${refusal.problem}`;
  const operation = operationOf(entry);
  if (operation === null) return 'the entry changes nothing: both sides are the same';
  return told === undefined || told === operation
    ? null
    : `operation is ${told}, but modes and object ids say ${operation}; leave it out or mend them`;
}

function repeated(entries: readonly FileEntry[]): FactsProblem[] {
  const first = new Map<string, number>();
  return entries.flatMap(({ path }, at) => {
    const before = first.get(path);
    if (before === undefined) first.set(path, at);
    return before === undefined
      ? []
      : [{ path: `entries[${at}].path`, message: `entries[${before}] has the same path` }];
  });
}

function withOperation(entry: FileEntry): Entry[] {
  const operation = operationOf(entry);
  return operation === null ? [] : [{ ...entry, operation }];
}

function untrue(
  told: FactsFile['change'],
  computed: Pick<Facts['change'], 'entries' | 'files'>,
): FactsProblem[] {
  return (['entries', 'files'] as const).flatMap((key) => {
    if (told[key] === undefined || told[key] === computed[key]) return [];
    const message = `says ${told[key]}, but the entries listed give ${computed[key]}; leave it out or list the entries it was made from`;
    return [{ path: `change.${key}`, message }];
  });
}

function problemOf({ path, message, hint }: SchemaIssue): FactsProblem {
  const where = path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
  return { path: where, message: hint === undefined ? message : `${message}; ${hint}` };
}
