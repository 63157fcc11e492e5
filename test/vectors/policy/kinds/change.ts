/**
 * Bytes of `git diff-tree -r -z --raw --no-renames` to the entries they are and their digest; or the
 * words for why no change like this leaves a workspace, each once and in the order of the alphabet;
 * or `broken`, when no git wrote them. `tree` are the paths of the whole tree, by default those of
 * the change; `links` the targets of symlinks by object id.
 */
import { z } from 'zod';
import { Fault } from '../../../../orchestrator/domain/faults.ts';
import {
  caseTwins,
  entriesDigest,
  readRawDiff,
  symlinkRefusal,
} from '../../../../policies/facts.ts';

const Input = z.strictObject({
  raw: z.base64(),
  tree: z.array(z.string()).optional(),
  links: z.record(z.string(), z.string()).default({}),
});
type Input = z.infer<typeof Input>;

export function answer(input: unknown): unknown {
  const asked = Input.parse(input);
  try {
    return read(asked);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'git_failed') return { broken: true };
    throw thrown;
  }
}

function read({ raw, tree, links }: Input): unknown {
  const { entries, refused } = readRawDiff(Buffer.from(raw, 'base64'));
  if (refused.length > 0) return words(refused);
  const stays = entries.filter(({ operation }) => operation !== 'delete');
  const paths = stays.map(({ path }) => path);
  const codes = [
    ...caseTwins(tree ?? paths, paths).map(() => ({ code: 'twin' })),
    ...stays.flatMap(({ path, newMode, newOid }) =>
      newMode === '120000' ? (symlinkRefusal(path, links[newOid] ?? null) ?? []) : [],
    ),
  ];
  if (codes.length > 0) return words(codes);
  return {
    entries: entries.map(({ path, operation, oldMode, newMode }) => {
      return { path, operation, oldMode, newMode };
    }),
    change: entriesDigest(entries),
  };
}

function words(refusals: readonly { code: string }[]): { refused: string[] } {
  return { refused: [...new Set(refusals.map(({ code }) => code))].toSorted() };
}
