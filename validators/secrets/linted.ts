/** What goes into the thread that looks for secrets, and what comes out of it. */
import { z } from 'zod';

export const Linted = z.object({ path: z.string(), before: z.string(), after: z.string() });
export type Linted = z.infer<typeof Linted>;

/** Says where, and by which rule; never what. */
export const SecretFinding = z.object({ path: z.string(), line: z.int(), rule: z.string() });
export type SecretFinding = z.infer<typeof SecretFinding>;
