import { expect, it } from 'vitest';
import { normalised } from '../../../gateway/harness/normal.ts';

const PROMPT = (varies: {
  billing: string;
  folder: string;
  date: string;
  kernel: string;
  id: string;
  status: string;
}): string => `x-anthropic-billing-header: cc_version=2.1.330.${varies.billing}; cch=${varies.billing};
You are an agent. Session ${varies.id} began at ${varies.date}T08:00:00.123Z.
<env>
Working directory: ${varies.folder}
 - Primary working directory: ${varies.folder}/src
<cwd>${varies.folder}</cwd>
Platform: ${varies.kernel}
OS Version: Linux ${varies.kernel}
Today's date: ${varies.date}
</env>
gitStatus: This is the status.
Current branch: ${varies.status}

Status:
M ${varies.status}

Recent commits:
${varies.status}

The end of /workspace/src is reached. Keep the tests green.`;

const ONE = {
  ...{ billing: 'abc', folder: '/workspace', date: '2026-03-01', kernel: '6.1', status: 'main' },
  id: '0b0e7a9e-6f7c-4f6e-9b43-0a8f6f1c2d3e',
};
const TWO = {
  ...{ billing: 'f00', folder: '/tmp/x y', date: '2027-12-31', kernel: '6.9', status: 'other' },
  id: 'ffffffff-6f7c-4f6e-9b43-0a8f6f1c2d3e',
};

it('a prompt of another folder, day, machine, session and commit is the same', () => {
  expect(normalised(PROMPT(ONE), [])).toBe(normalised(PROMPT(TWO), []));
});

it('what an agent is told stays', () => {
  const text = normalised(PROMPT(ONE), []);
  expect(text).toContain('You are an agent.');
  expect(text).toContain('The end of «workspace»/src is reached.');
  const other = PROMPT(ONE).replace('You are', 'Obey me. You are');
  expect(normalised(other, [])).not.toBe(text);
});

it('the text of a rule is told by its name, so that an edit of it makes no other harness', () => {
  const rules = [{ path: 'AGENTS.md', text: 'Keep the tests green.\n' }];
  expect(normalised('Rules: Keep the tests green. End $& $1', rules)).toBe(
    'Rules: «rules AGENTS.md» End $& $1',
  );
  expect(normalised('x', [{ path: 'empty.md', text: ' \n' }])).toBe('x');
});

it('long texts of what it looks for are read in pieces that repeat, without a limit of their own', () => {
  const pieces = [
    ...['gitStatus: a\n', 'x-anthropic-billing-header:', 'Working directory: ', '<cwd>'],
    ...['2026-01-01T', ' - ', 'Mon ', '0', '\n\n', '/workspace'],
  ];
  // One whose time grew with the square of its text would run into the limit of every test.
  for (const piece of pieces) {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    expect(normalised(text, []).length, piece).toBeLessThanOrEqual(text.length * 2);
  }
});
