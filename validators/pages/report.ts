/**
 * What was seen of pages, as the program in the browser's sandbox says it. A page may have taken over the
 * browser, so it is read as any stranger's words: strictly, bounded, and never as more than what it says.
 */
import { z } from 'zod';
import type { OutFile } from '../../orchestrator/ports.ts';

export const WIDTHS = ['desktop', 'phone'] as const;
export const PAGE_CODES = [
  'page_console_error',
  'page_exception',
  'page_request_failed',
  'page_not_accessible',
  'page_keyboard',
  'page_overflow',
] as const;
export const REPORT_FILE = 'pages.json';
const REPORT_BYTES_MAX = 4 * 2 ** 20;
const LOOKS_MAX = 40;

const Picture = z.string().regex(/^pages\/[a-z0-9-]{1,60}\.png$/);
const Sentences = z.array(z.string().max(400)).max(10);

const Problem = z.strictObject({
  code: z.enum(PAGE_CODES),
  /** The same for the same problem at the base and in the change. */
  key: z.string().max(300),
  message: z.string().max(600),
  /** In how many places. */
  count: z.int().min(1).max(1_000_000),
});
export type Problem = z.infer<typeof Problem>;

const Look = z.strictObject({
  name: z.string().max(40),
  width: z.enum(WIDTHS),
  picture: Picture.nullable(),
  change: z
    .strictObject({
      pixels: z.int().min(0),
      /** Of the whole picture, from 0 to 1. */
      share: z.number().min(0).max(1),
      picture: Picture.nullable(),
    })
    .nullable(),
  /** What was left out because it is too much, in words. */
  cut: Sentences,
  /** What could not be looked at, in words. */
  unseen: Sentences,
  problems: z.array(Problem).max(200),
});
export type Look = z.infer<typeof Look>;

const Report = z.strictObject({ version: z.literal(1), looks: z.array(Look).max(LOOKS_MAX) });

export function readLooks(
  files: readonly OutFile[],
): { readonly looks: readonly Look[] } | { readonly unreadable: string } {
  const file = files.find(({ name }) => name === REPORT_FILE);
  if (file === undefined) return { unreadable: 'there is no report' };
  if (file.bytes.length > REPORT_BYTES_MAX) return { unreadable: 'its report is over 4 MiB' };
  const read = Report.safeParse(jsonOf(file.bytes));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return { unreadable: `its report is not as ours are, at ${issue?.path.join('.') || 'its root'}` };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}
