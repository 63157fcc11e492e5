/**
 * Cases that say what a policy must answer: the file that `policy test` reads. Each case is a change
 * written out, who had to do with it, and what is expected. Strict, like the policy itself.
 */
import { z } from 'zod';
import { RiskClass, Verdict } from '../orchestrator/domain/judgement.ts';
import { GroupName, key, Line } from './schema/words.ts';
import { Size } from './units.ts';

const TEXT_MAX = 64 * 1024;
const Path = z.string().min(1, 'expected a path').max(4096);
const Text = z.string().max(TEXT_MAX);

const content = key(Text.optional(), 'What is in it afterwards. By default nothing.');
const before = key(Text.optional(), 'What was in it. By default nothing.');
const size = {
  bytes: key(z.union([z.int().nonnegative(), Size]).optional(), 'Its size, where that matters.'),
  binary: key(z.boolean().default(false), 'It is no text.'),
};

export const CaseChange = z.union(
  [
    z.strictObject({ add: key(Path, 'A file that was not there.'), content, ...size }),
    z.strictObject({ modify: key(Path, 'A file with another content.'), content, before, ...size }),
    z.strictObject({ delete: key(Path, 'A file that is gone.'), before }),
    z.strictObject({
      chmod: key(Path, 'A file that can be run now and could not before.'),
      content,
    }),
    z.strictObject({
      symlink: key(Path, 'A symlink.'),
      target: key(z.string().min(1).max(4096), 'Where it leads.'),
      before: key(Text.optional(), 'The file that was there; without it the symlink is new.'),
    }),
    z.strictObject({ gitlink: key(Path, 'A submodule.') }),
    z.strictObject({
      from: key(Path, 'A file that moves.'),
      to: key(Path, 'Where it goes.'),
      content: key(Text.optional(), 'What moves.'),
    }),
  ],
  {
    error:
      'expected one of add, modify, delete, chmod, symlink (with a target), gitlink, or from with to, and keys that go with it',
  },
);
export type CaseChange = z.output<typeof CaseChange>;

/** `github:ana`, or `ana` for who has that login in the policy, and on GitHub otherwise. */
const Login = z
  .string()
  .regex(/^([a-z]+:)?[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected a login, as in ana or github:ana');

const CaseApproval = z.strictObject({
  by: key(Login, 'Who agrees.'),
  groups: key(
    z.array(GroupName).max(50).default([]),
    'Groups of the policy, named by team or file, that they are in.',
  ),
  gate: key(z.string().min(1).max(80).optional(), 'The gate they agree to. By default every one.'),
});
export type CaseApproval = z.output<typeof CaseApproval>;

const Expected = z
  .strictObject({
    decision: key(Verdict.optional(), 'allow, hold or deny.'),
    class: key(RiskClass.optional(), 'The class of the whole change.'),
    gates: key(
      z.array(z.string()).optional(),
      'Exactly these gates and rules match. Gates that Proofhouse adds count when they are named.',
    ),
    includes_gates: key(z.array(z.string()).optional(), 'These match, and others may.'),
    needs: key(
      z.record(GroupName, z.int().nonnegative()).optional(),
      'How many of these groups; 0 for none.',
    ),
    validators: key(z.array(z.string()).optional(), 'Exactly these must pass.'),
    denials_contain: key(z.string().min(1).optional(), 'A denial says this.'),
    satisfied: key(z.boolean().optional(), 'Whether the approvals are enough.'),
    reason_contains: key(
      z.string().min(1).optional(),
      'Why an approval does not count, or who is missing, says this.',
    ),
  })
  .refine((given) => Object.keys(given).length > 0, 'a case that expects nothing passes always');
export type Expected = z.output<typeof Expected>;

const Case = z.strictObject({
  name: key(Line, 'The rule that it shows, in plain words.'),
  change: key(z.array(CaseChange).min(1, 'expected at least one file').max(1000), 'The files.'),
  requester: key(Login.optional(), 'Who asked for the change.'),
  operator: key(Login.optional(), 'Who steered the run. By default who asked.'),
  target: key(
    z
      .string()
      .regex(/^refs\/[^\s]+$/, 'expected a whole ref, as in refs/heads/main')
      .optional(),
    'The ref it is meant for. By default refs/heads/main.',
  ),
  now: key(
    z.iso.datetime('expected a time such as 2026-01-31T12:00:00Z').optional(),
    'When. By default now.',
  ),
  roots: key(
    z.array(z.string().min(1)).max(1000).default([]),
    'Names at the root of the repository, beside those of the change.',
  ),
  approvals: key(z.array(CaseApproval).max(100).default([]), 'Who agrees.'),
  expect: key(Expected, 'What the policy must answer.'),
});
export type Case = z.output<typeof Case>;

/** No case at all is a file that tests nothing. */
export const Fixtures = z.strictObject({
  apiVersion: key(z.literal('proofhouse/v1').optional(), 'The version of this language.'),
  cases: key(
    z
      .array(Case)
      .min(1, 'expected at least one case; a file without any proves nothing')
      .max(2000)
      .check((context) => {
        const seen = new Set<string>();
        for (const [index, { name }] of context.value.entries()) {
          const message = 'another case has this name';
          const path = [index, 'name'];
          if (seen.has(name)) context.issues.push({ code: 'custom', input: name, message, path });
          seen.add(name);
        }
      }),
    'Changes and what the policy must say of each.',
  ),
});
export type Fixtures = z.output<typeof Fixtures>;
