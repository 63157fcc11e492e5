/** What a detector or a text rule finds in a change of files. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { FileChange, Firing, Side } from '../../../../policies/detect/detector.ts';
import { DETECTORS } from '../../../../policies/detect/registry.ts';
import { compileTextRule, textFirings } from '../../../../policies/detect/text-rule.ts';
import { coveredBy } from '../../../../policies/gates.ts';

/** A text; pieces of one, so that no scanner takes a vector for a secret; or what nobody can read. */
const Content = z.union([
  z.string(),
  z.null(),
  z.strictObject({ join: z.array(z.string()) }),
  z.strictObject({ unreadable: z.literal(true) }),
]);
const File = z.strictObject({
  path: z.string(),
  before: Content,
  after: Content,
  /** Of both sides. */
  mode: z.string().optional(),
  beforeMode: z.string().optional(),
  afterMode: z.string().optional(),
  /** By default the id that git gives the text. */
  beforeOid: z.string().optional(),
  afterOid: z.string().optional(),
});
type File = z.output<typeof File>;
const Input = z.strictObject({
  detect: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  text: z
    .strictObject({
      added_re2: z.array(z.string()).optional(),
      removed_re2: z.array(z.string()).optional(),
    })
    .optional(),
  files: z.array(File),
  roots: z.array(z.string()).default([]),
});

export function answer(input: unknown): unknown {
  const { detect, with: options, text, files, roots } = Input.parse(input);
  const all = files.map(fileChange);
  const fires = (detect === undefined ? textFound(text, all) : found(detect, options, all, roots))
    .map(({ path, key }) => ({ path, key }))
    .sort((a, b) => (`${a.path}\0${a.key}` < `${b.path}\0${b.key}` ? -1 : 1));
  return { fires };
}

function textFound(text: z.output<typeof Input>['text'], all: FileChange[]): Firing[] {
  const rule = compileTextRule(text ?? {});
  if ('problem' in rule) throw new TypeError(rule.problem);
  return textFirings(rule, all);
}

function found(
  id: string,
  options: unknown,
  all: readonly FileChange[],
  roots: readonly string[],
): Firing[] {
  const detector = DETECTORS.get(id);
  if (detector === undefined) throw new TypeError(`there is no detector ${id}`);
  const isRead = coveredBy([...detector.paths]);
  return detector.fire({ files: all.filter(({ path }) => isRead(path)), all, roots }, options);
}

function fileChange(file: File): FileChange {
  const before = side(file.before, file.beforeMode ?? file.mode, file.beforeOid ?? 'b'.repeat(40));
  const after = side(file.after, file.afterMode ?? file.mode, file.afterOid ?? 'a'.repeat(40));
  if (before !== null && file.beforeOid !== undefined) before.oid = file.beforeOid;
  if (after !== null && file.afterOid !== undefined) after.oid = file.afterOid;
  return { path: file.path, operation: operationOf(before, after), before, after };
}

type Made = { -readonly [Key in keyof Side]: Side[Key] };

function side(content: File['before'], mode = '100644', unread: string): Made | null {
  if (content === null) return null;
  if (typeof content === 'object' && 'unreadable' in content) {
    return { mode, oid: unread, text: null };
  }
  const text = typeof content === 'string' ? content : content.join.join('');
  return { mode, oid: blobId(text), text };
}

function blobId(text: string): string {
  const bytes = Buffer.from(text);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function operationOf(before: Side | null, after: Side | null): FileChange['operation'] {
  if (before === null) return 'add';
  if (after === null) return 'delete';
  if (before.mode.slice(0, 3) !== after.mode.slice(0, 3)) return 'type';
  return before.oid === after.oid ? 'mode' : 'modify';
}
