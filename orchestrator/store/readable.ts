/** Rows on their way out. What does not have the expected shape is a fault, never a guess. */
import { z } from 'zod';
import { Fault } from '../domain/faults.ts';

export function readable<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const message = `${what} cannot be read: ${z.prettifyError(parsed.error)}`;
  throw new Fault('store_failed', message, { cause: parsed.error });
}

export const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('this is not JSON');
    return z.NEVER;
  }
});
