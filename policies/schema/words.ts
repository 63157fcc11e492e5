/** The values that occur all over a policy, and how a key tells what it is for. */
import { z } from 'zod';
import type { Requirement } from '../../orchestrator/domain/judgement.ts';
import { globProblem } from '../glob.ts';

/**
 * A key with what it means and how layers join it. The reference and the editors' schema are made
 * from these, so there is nothing else to keep up to date.
 */
export function key<S extends z.ZodType>(schema: S, description: string, join = ''): S {
  return schema.meta(join === '' ? { description } : { description, 'x-join': join });
}

export const Id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, {
  error: 'expected a name of at most 40 lower-case letters, digits and dashes',
});

/** A repository's own groups begin with `repo/`, so that they never pass for the organisation's. */
export const GroupName = z.string().regex(/^(repo\/)?[a-z0-9][a-z0-9-]{0,39}$/, {
  error: 'expected the name of a group: lower-case letters, digits and dashes, or repo/NAME',
});

/** People read it on a terminal and on pages, and see all there is of it. */
export const Line = z
  .string()
  .trim()
  .min(1, 'expected some text')
  .max(500)
  .regex(
    /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u,
    'expected one line of text, without characters that cannot be seen',
  );

export const Argv = z
  .array(z.string().regex(/^[^\0]+$/, 'expected some text'))
  .min(1, 'expected a command and its arguments')
  .max(64);

/** A path-glob that means something; see `globProblem`. */
export const Glob = z.string().check((context) => {
  const problem = globProblem(context.value) ?? hiddenProblem(context.value);
  if (problem === null) return;
  const params = { code: 'P0203' };
  context.issues.push({ code: 'custom', input: context.value, message: problem, params });
});
/** No path with such a character leaves a workspace, so a pattern with one would cover nothing. */
function hiddenProblem(pattern: string): string | null {
  if (!/[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(pattern)) return null;
  return 'a pattern holds no character that cannot be seen; take it out';
}

export const Globs = z.array(Glob).max(200);

export const Slot = z.strictObject({
  group: key(GroupName, 'The group that is asked.'),
  count: key(z.int().min(1).max(20).default(1), 'How many different people of it must agree.'),
});

const Asked = z
  .strictObject({
    group: key(GroupName.optional(), 'The group that is asked.'),
    count: key(z.int().min(1).max(20).optional(), 'How many different people of it must agree; 1.'),
    any_of: key(
      z
        .array(z.array(Slot).min(1).max(5))
        .min(2, 'expected at least two choices')
        .max(5)
        .optional(),
      'Several lists of groups, of which one must be filled.',
    ),
  })
  .check((context) => {
    const { group, count, any_of: choices } = context.value;
    const isSlot = group !== undefined && choices === undefined;
    const isChoice = choices !== undefined && group === undefined && count === undefined;
    if (isSlot || isChoice) return;
    const message = 'expected either `group` with a `count`, or `any_of`';
    context.issues.push({ code: 'custom', input: context.value, message });
  })
  .transform(
    ({ group = '', count = 1, any_of: choices }): Requirement =>
      choices === undefined ? { group, count } : { anyOf: choices },
  );

/** Read as "and". */
export const Approvals = z.array(Asked).max(20);

/** One problem for each name that was given before. */
export function uniqueIds(what: string) {
  return (context: z.core.ParsePayload<{ id: string }[]>): void => {
    const seen = new Set<string>();
    for (const [index, { id }] of context.value.entries()) {
      const message = `another ${what} has the name \`${id}\``;
      const path = [index, 'id'];
      if (seen.has(id)) context.issues.push({ code: 'custom', input: id, message, path });
      seen.add(id);
    }
  };
}
