import { expect, test } from 'vitest';
import { Person, RunId } from '../../../orchestrator/domain/ids.ts';
import { Task } from '../../../orchestrator/domain/task.ts';
import { taskFrom } from '../../../orchestrator/intake/task-text.ts';

const given = {
  id: RunId.parse('r0000001'),
  source: 'issue.md',
  repository: '/srv/shop',
  base: 'main',
  requester: Person.parse('local:ana'),
  operator: null,
  queuedAt: '2026-11-22T10:00:00.000Z',
};
const titleOf = (text: string): string => taskFrom(text, given).title;

test.each([
  ['the first line', 'Fix the cart\nIt loses items.', 'Fix the cart'],
  ['blank lines are passed over', '\n  \n\tFix the cart\n', 'Fix the cart'],
  ['a heading loses its marks', '## Fix #12 in the cart', 'Fix #12 in the cart'],
  ['a line of marks only is no title', '###\nFix the cart', 'Fix the cart'],
  ['terminal escapes lose their power', '\u001b[31mFix\u0007 the cart', '[31mFix the cart'],
  ['text direction cannot be turned', 'Fix \u202ethe cart', 'Fix the cart'],
  ['old Macintosh line ends', 'Fix the cart\rMore', 'Fix the cart'],
])('the title: %s', (_, text, title) => {
  expect(titleOf(text)).toBe(title);
});

test('a title is cut at 120 characters, and never through one of them', () => {
  expect(titleOf('x'.repeat(121))).toBe('x'.repeat(120));
  expect(titleOf(`${'x'.repeat(119)}🙂`)).toBe('x'.repeat(119));
});

test('the text is kept as it came', () => {
  const text = '# Fix\n\n\u001b[31mred\r\n';
  expect(taskFrom(text, given)).toEqual({ ...given, title: 'Fix', text });
  expect(Task.safeParse(taskFrom(text, given)).success).toBe(true);
});

test.each(['', ' \n\t\n', '###\n', '\u200b\u0000'])(
  'a task that says nothing is refused: %j',
  (text) => {
    expect(() => taskFrom(text, given)).toThrow(
      expect.objectContaining({ code: 'usage', message: 'The task from issue.md says nothing.' }),
    );
  },
);

test('64 KiB are taken, one byte more is refused, counted as bytes', () => {
  expect(taskFrom('x'.repeat(65_536), given).text).toHaveLength(65_536);
  const refused = expect.objectContaining({
    code: 'usage',
    message: expect.stringContaining('65537'),
  });
  expect(() => taskFrom('x'.repeat(65_537), given)).toThrow(refused);
  expect(() => taskFrom(`${'é'.repeat(32_768)}x`, given)).toThrow(refused);
});
