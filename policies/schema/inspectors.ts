/** Checks that look at a change and run nothing of it: no sandbox, no time, no memory to name. */
import { z } from 'zod';
import { Duration, Size } from '../units.ts';
import { Globs, Id, key } from './words.ts';

const DAY_MS = 24 * 60 * 60_000;

export const RequiredFor = key(
  Globs.default(['**']),
  'Changes to these paths need it, whether or not a gate asks. By default every change.',
);

const Advisory = key(
  z.boolean().default(false),
  'true: it says what it found and fails nothing, where a gate asks people about the same.',
);

/** Never advisory: what was published once is known for good. */
export const Secrets = z
  .strictObject({
    kind: key(z.literal('secrets'), 'Tokens, keys and passwords in what a change adds.'),
    except: key(Globs.default([]), 'Paths that hold made-up ones, as of tests. By default none.'),
    required_for: RequiredFor,
  })
  .transform(named);

export const TestsWeakened = z
  .strictObject({
    kind: key(z.literal('tests-weakened'), 'Tests that are gone, switched off or say less.'),
    compare: key(
      z.array(Id).max(10).default([]),
      'Validators of kind command whose tests at the base commit must all be there still, by name. They are run at the base too.',
    ),
    advisory: Advisory,
    required_for: RequiredFor,
  })
  .transform(named);

const PackageName = z
  .string()
  .max(214)
  .regex(
    /^(@[a-z0-9~_*][a-z0-9._~*-]*\/)?[A-Za-z0-9~_*][A-Za-z0-9._~*-]*$/,
    'expected the name of a package; `*` stands for any characters but a slash',
  );

export const Dependencies = z
  .strictObject({
    kind: key(
      z.literal('dependencies'),
      'Packages that are new, come from elsewhere, run scripts, or are too young.',
    ),
    allow: key(
      z.array(PackageName).max(500).default([]),
      'Packages that may be added, as @acme/*. By default none.',
    ),
    cool_down: key(
      Duration.default(7 * DAY_MS),
      'How long ago a version must have been published. What nobody can tell is not long enough. By default 7d.',
    ),
    advisory: Advisory,
    required_for: RequiredFor,
  })
  .transform(({ cool_down, ...rule }) => ({ ...named(rule), coolDownMs: cool_down }));

const Most = z.int().min(1).max(1_000_000);
const LIMITS = ['max_files', 'max_changed_lines', 'max_bytes', 'max_file_bytes'] as const;

export const SizeCheck = z
  .strictObject({
    kind: key(z.literal('size'), 'How large a change is, where no gate is to be asked.'),
    max_files: key(Most.optional(), 'Entries that it may have.', 'the smaller'),
    max_changed_lines: key(Most.optional(), 'Lines added and removed.', 'the smaller'),
    max_bytes: key(Size.optional(), 'All its new files together.', 'the smaller'),
    max_file_bytes: key(Size.optional(), 'The largest of its new files.', 'the smaller'),
    advisory: Advisory,
    required_for: RequiredFor,
  })
  .check((context) => {
    if (LIMITS.some((limit) => context.value[limit] !== undefined)) return;
    const message = `expected at least one of ${LIMITS.join(', ')}`;
    context.issues.push({ code: 'custom', input: context.value, message });
  })
  .transform(({ max_files, max_changed_lines, max_bytes, max_file_bytes, ...rule }) => ({
    ...named(rule),
    maxFiles: max_files ?? null,
    maxChangedLines: max_changed_lines ?? null,
    maxBytes: max_bytes ?? null,
    maxFileBytes: max_file_bytes ?? null,
  }));

function named<T extends { required_for: string[] }>({ required_for, ...rest }: T) {
  return { ...rest, requiredFor: required_for };
}
