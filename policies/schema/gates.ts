/** Gates on where something changed, rules on what changed, and how large a change may be. */
import { z } from 'zod';
import { RiskClass, Surface } from '../../orchestrator/domain/judgement.ts';
import { detectorProblems, textRuleProblems } from '../detect/registry.ts';
import { Count, Size } from '../units.ts';
import { Approvals, Globs, Id, key, Line, uniqueIds } from './words.ts';

/** What an entry can do to its path, as a gate may ask for it. */
export const JudgedOperation = z.enum([
  'add',
  'modify',
  'delete',
  'mode',
  'type',
  'link',
  'gitlink',
]);
export type JudgedOperation = z.infer<typeof JudgedOperation>;

/** What gates of every kind have. */
const asking = {
  why: key(
    Line.optional(),
    'Shown to the reviewer and to the agent. A gate of class high or critical must say it.',
  ),
  class: key(
    RiskClass,
    'The risk class of what it covers: low, medium, high or critical.',
    'the higher',
  ),
  surface: key(Surface.optional(), "Tighter than the class's own.", 'the tighter'),
  except: key(Globs.default([]), 'Paths that this gate, and no other, leaves alone.'),
  operations: key(
    z
      .array(JudgedOperation)
      .min(1, 'expected at least one operation')
      .default(JudgedOperation.options),
    'What must be done to a path for the gate to apply: add, modify, delete, mode, type, link (a symlink), gitlink (a submodule). By default any.',
  ),
  branches: key(
    Globs.min(1, 'expected at least one pattern').optional(),
    'Target refs it applies to, as in refs/heads/release/*. By default every one.',
  ),
  approvals: key(
    Approvals.default([]),
    "Who must agree, in addition to the class's.",
    'union, highest count',
  ),
  validators: key(z.array(Id).max(50).default([]), 'Checks that must pass.', 'union'),
};

const gateOf = <I extends z.ZodType<string>>(id: I) =>
  z.strictObject({
    id: key(id, 'Stable name of the gate: it is in approvals, statuses and reports.'),
    ...asking,
    paths: key(Globs.min(1, 'expected at least one pattern'), 'Path-globs it covers.'),
    require_with: key(
      Globs.default([]),
      'Path-globs of which each must match something that changes too, as a migration and its way back.',
      'and',
    ),
  });

const contentOf = <I extends z.ZodType<string>>(id: I) =>
  z
    .strictObject({
      id: key(id, 'Stable name of the rule; gates and rules share their names.'),
      ...asking,
      paths: key(
        Globs.min(1, 'expected at least one pattern').optional(),
        "Path-globs it reads. By default the detector's own, or every path for a text rule.",
      ),
      detect: key(
        z.string().optional(),
        'The detector that looks, as in npm.dependency-added.',
        'union',
      ),
      with: key(z.record(z.string(), z.unknown()).optional(), 'Options of the detector.'),
      on_parse_error: key(
        z.literal('fire').default('fire'),
        'What cannot be parsed fires. There is no other choice.',
      ),
      text: key(
        z
          .strictObject({
            added_re2: key(
              z.array(z.string()).max(50).optional(),
              'RE2 expressions over added lines.',
            ),
            removed_re2: key(
              z.array(z.string()).max(50).optional(),
              'RE2 expressions over removed lines.',
            ),
          })
          .optional(),
        'Looks for lines. Linear-time expressions only: no look-behind, no back-references.',
        'union',
      ),
    })
    .check((context) => {
      const { detect, text, with: options } = context.value;
      if ((detect === undefined) === (text === undefined)) {
        const message = 'expected either `detect` or `text`';
        context.issues.push({ code: 'custom', input: context.value, message });
      }
      const problems = [
        ...(detect === undefined ? [] : detectorProblems(detect, options)),
        ...(text === undefined ? [] : textRuleProblems(text)),
      ];
      for (const { path, message, code } of problems) {
        const params = { code };
        context.issues.push({ code: 'custom', input: context.value, message, path, params });
      }
    });

export const Gate = gateOf(Id);
export type GateRule = z.output<typeof Gate>;
export const Gates = z.array(Gate).max(500).check(uniqueIds('gate'));

export const Content = contentOf(Id);
export type ContentRule = z.output<typeof Content>;
export const Contents = z.array(Content).max(200).check(uniqueIds('content rule'));

/** Of a pack, with the pack's name in front, so that no policy's own gate is called the same. */
const PackId = z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]{1,40}$/, 'expected PACK.NAME');
export const PackGates = z.array(gateOf(PackId)).check(uniqueIds('gate'));
export const PackContents = z.array(contentOf(PackId)).check(uniqueIds('content rule'));

const limit = (what: string) => key(Count.optional(), what, 'the smaller');

export const Limits = z
  .strictObject({
    max_files: limit('Files changed.'),
    max_changed_lines: limit('Lines added and removed.'),
    max_file_bytes: key(Size.optional(), 'Size of one changed file.', 'the smaller'),
    max_binary_bytes: key(Size.optional(), 'Size of one changed binary file.', 'the smaller'),
    max_new_dependencies: limit('Dependencies that were not there before.'),
    over: key(
      z
        .strictObject({ class: key(RiskClass, 'The class of a change over one of these.') })
        .default({ class: 'high' }),
      'What a change beyond these limits takes.',
      'the higher',
    ),
    absolute: key(
      z
        .strictObject({
          max_files: limit('Files changed.'),
          max_changed_lines: limit('Lines added and removed.'),
        })
        .default({}),
      'Limits beyond which a change is denied.',
    ),
  })
  .prefault({})
  .transform((given) => ({
    maxFiles: given.max_files ?? null,
    maxChangedLines: given.max_changed_lines ?? null,
    maxFileBytes: given.max_file_bytes ?? null,
    maxBinaryBytes: given.max_binary_bytes ?? null,
    maxNewDependencies: given.max_new_dependencies ?? null,
    over: given.over.class,
    absolute: {
      maxFiles: given.absolute.max_files ?? null,
      maxChangedLines: given.absolute.max_changed_lines ?? null,
    },
  }));
