/** A run is recorded at a real gateway, and what was recorded is played to another agent. */
import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../../gateway/model/conversation.ts';
import { scriptedModel } from '../../../gateway/scripted/model.ts';
import { type Recorded, recorded } from '../../../gateway/scripted/record.ts';
import { gatewayWith, post, scripted } from '../open.ts';

const CHAT = '/v1/chat/completions';
const RUN = { name: 'run-r0000001', contains: 'a task', attempt: null, said: 'All done.' };

type Call = { readonly name: string; readonly input: unknown };
const asked = (...turns: readonly (readonly [say: string, ...calls: Call[]])[]) => ({
  model: 'm',
  messages: [
    { role: 'user', content: 'a task' },
    ...turns.flatMap(([content, ...calls]) => [
      {
        ...{ role: 'assistant', content },
        tool_calls: calls.map(({ name, input }) => ({
          ...{ id: 'c', type: 'function' },
          function: { name, arguments: JSON.stringify(input) },
        })),
      },
      ...calls.map(() => ({ role: 'tool', tool_call_id: 'c', content: 'the result' })),
    ]),
  ],
});

async function answersOf(...bodies: readonly object[]): Promise<string[]> {
  const model = scripted('  - say: hello\n');
  const { url, notes } = await gatewayWith({ model });
  for (const body of bodies) expect((await post(url + CHAT, body)).status).toBe(200);
  const answers = () => notes.flatMap((note) => /^answer: (.*)$/s.exec(note)?.[1] ?? []);
  // They are noted after the agent was answered.
  await expect
    .poll(() => notes.filter((note) => note.startsWith('model: ')))
    .toHaveLength(bodies.length);
  return answers();
}

const steps = (made: Recorded | null) => made?.scenario.steps;

describe('a scenario of a run', () => {
  const ls = { name: 'Bash', input: { command: 'ls' } };
  const edit = { name: 'Edit', input: { file_path: '/workspace/a', old: 'x', new: 'y' } };

  it('has a step for each call, in their order, and ends with what the agent said', async () => {
    const write = { name: 'Write', input: { file_path: '/workspace/src/a.ts', content: 'one\n' } };
    const answers = await answersOf(
      asked(),
      asked(['Let me look.', ls]),
      asked(['Let me look.', ls], ['', write, edit]),
    );
    expect(answers).toHaveLength(2);
    expect(recorded({ ...RUN, answers })).toEqual({
      scenario: {
        scenario: 'run-r0000001',
        when: { prompt_contains: ['a task'] },
        steps: [
          { say: 'Let me look.', shell: 'ls' },
          { write: { path: 'src/a.ts', content: 'one\n' } },
          { call: { tool: 'Edit', input: edit.input } },
          { say: 'All done.' },
        ],
      },
      missing: [],
    });
  });

  it('is the same when a controller that took over noted it all again', async () => {
    const once = await answersOf(asked(['one', ls]), asked(['one', ls], ['two', edit]));
    const twice = [...once, ...(await answersOf(asked(['one', ls], ['two', edit])))];
    expect(recorded({ ...RUN, answers: twice })).toEqual(recorded({ ...RUN, answers: once }));
  });

  it('is of the longest conversation, and says that there were others', async () => {
    const other = {
      ...asked(['Title', ls]),
      messages: asked(['Title', ls]).messages.map((one) => ({ ...one })),
    };
    other.messages[0] = { role: 'user', content: 'a task: make a title' };
    const answers = await answersOf(other, asked(['one', ls], ['two', ls]));
    const made = recorded({ ...RUN, answers, said: null });
    expect(steps(made)).toEqual([
      { say: 'one', shell: 'ls' },
      { say: 'two', shell: 'ls' },
    ]);
    expect(made?.missing).toEqual(['1 other conversations of the agent, as of helpers of its own']);
  });

  it('leaves out a turn that is too long to be kept, and says so', async () => {
    const long = { name: 'Write', input: { file_path: 'a', content: 'x'.repeat(300_000) } };
    const answers = await answersOf(asked(['', long], ['two', ls]));
    expect(Math.max(...answers.map(({ length }) => length))).toBeLessThan(1_000);
    const made = recorded({ ...RUN, answers, said: null });
    expect(steps(made)).toEqual([{ say: 'two', shell: 'ls' }]);
    expect(made?.missing).toEqual(['1 turns that were too long to be kept']);
  });

  it('is none where no turn was noted, and nonsense in the trace is passed over', () => {
    expect(recorded({ ...RUN, answers: ['{', '{"at":-1}'], said: null })).toBeNull();
  });

  it('a shell with a folder or a program of its own is a call by name', async () => {
    const exec = (input: object) => ({ name: 'exec_command', input });
    const answers = await answersOf(
      asked(
        ['', exec({ cmd: 'ls', yield_time_ms: 30_000 })],
        ['', exec({ cmd: 'ls', workdir: '/tmp' })],
        ['', { name: 'shell', input: { command: ['bash', '-lc', 'pwd'] } }],
        ['', { name: 'shell', input: { command: ['node', '-e', '1'] } }],
      ),
    );
    const made = recorded({ ...RUN, answers, said: null });
    expect(steps(made)?.map((step) => step.shell ?? step.call?.tool)).toEqual([
      ...['ls', 'exec_command', 'pwd', 'shell'],
    ]);
  });
});

describe('played', () => {
  const NEVER = new AbortController().signal;
  const conversation = (tools: readonly string[]): Conversation => ({
    ...{ model: 'm', stream: false, streamUsage: false, maxOutputTokens: null },
    messages: [{ role: 'user', text: 'a task' }],
    tools: tools.map((name) => ({
      name,
      description: '',
      parameters: {},
      custom: name === 'patch',
    })),
  });
  const first = async (
    call: { tool: string; input: string | Record<string, unknown> },
    tools: string[],
  ) => {
    const scenario = { scenario: 'a', when: { prompt_contains: ['task'] }, steps: [{ call }] };
    const model = scriptedModel([scenario]);
    const answer = await model.answer(conversation(tools), { run: 'r', attempt: 1 }, NEVER);
    return answer.kind === 'reply' ? answer.reply : null;
  };

  it('a call is made by its name, with its own arguments', async () => {
    const made = await first({ tool: 'Edit', input: { path: 'a' } }, ['Bash', 'Edit']);
    expect(made?.calls).toMatchObject([{ name: 'Edit', input: '{"path":"a"}', custom: false }]);
    const patch = await first({ tool: 'patch', input: '*** Begin' }, ['patch']);
    expect(patch?.calls).toMatchObject([{ name: 'patch', input: '*** Begin', custom: true }]);
  });

  it('to an agent without that tool it is no call, and the words say why', async () => {
    const made = await first({ tool: 'Edit', input: {} }, ['Bash']);
    expect(made?.calls).toEqual([]);
    expect(made?.text).toContain('found no tool here');
  });
});
