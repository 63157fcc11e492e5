/** Which paths a pattern covers. */
import { z } from 'zod';
import { compileGlob, globProblem } from '../../../../policies/glob.ts';

const Input = z.strictObject({
  pattern: z.string(),
  path: z.string(),
  mode: z.enum(['gate', 'codeowners']),
});

export function answer(input: unknown): unknown {
  const { pattern, path, mode } = Input.parse(input);
  if (globProblem(pattern) !== null) return { refused: 'pattern' };
  return { match: compileGlob(pattern, { self: mode === 'gate' })(path) };
}
