import { expect, test } from 'vitest';
import { buildProgram } from '../../orchestrator/program.ts';

test('a command after --org-policy is no file, and each file is named by a mark of its own', async () => {
  const called: string[] = [];
  const program = buildProgram(async () => void called.push('performed'));
  const above = ['--org-policy', 'acme.yaml', '--org-policy', 'shop.yaml'];
  await program.parseAsync([...above, 'policy', 'lint', 'web.yaml'], { from: 'user' });
  expect(program.opts()).toMatchObject({ orgPolicy: ['acme.yaml', 'shop.yaml'] });
  expect(called).toEqual(['performed']);
});
