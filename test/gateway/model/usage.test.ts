/** How each protocol's counts become classes that hold no token twice. */
import { expect, test } from 'vitest';
import { chat } from '../../../gateway/model/protocols/chat.ts';
import { messages } from '../../../gateway/model/protocols/messages.ts';
import { NOTHING_SEEN } from '../../../gateway/model/protocols/protocol.ts';
import { responses } from '../../../gateway/model/protocols/responses.ts';
import { allTokens } from '../../../orchestrator/domain/money.ts';

const message = (usage: object) =>
  messages.readReply({ type: 'message', id: 'm', content: [], usage }).usage;
const completion = (usage: object) =>
  chat.readReply({ choices: [{ message: { content: 'a' } }], usage }).usage;
const response = (usage: object) => responses.readReply({ id: 'r', output: [], usage }).usage;

test('Anthropic tells caches beside the input, each kind by itself', () => {
  const usage = {
    ...{ input_tokens: 5, output_tokens: 7, cache_read_input_tokens: 100 },
    cache_creation_input_tokens: 30,
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
  };
  expect(message(usage)).toEqual({
    ...{ inputTokens: 5, outputTokens: 7, cacheReadTokens: 100 },
    ...{ cacheWrite5mTokens: 20, cacheWrite1hTokens: 10 },
  });
});

test('what was put into a cache of a kind that nobody names is of the dearer kind', () => {
  const usage = { input_tokens: 5, output_tokens: 7, cache_creation_input_tokens: 30 };
  expect(message(usage)).toEqual({ inputTokens: 5, outputTokens: 7, cacheWrite1hTokens: 30 });
});

test('a stream of Anthropic has its caches in the first event and its output in the last', () => {
  const usage = { input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 0 };
  const start = JSON.stringify({ type: 'message_start', message: { usage } });
  const end = JSON.stringify({ type: 'message_delta', usage: { output_tokens: 9 } });
  const seen = messages.watch(end, messages.watch(start, NOTHING_SEEN) ?? NOTHING_SEEN);
  expect(seen?.usage).toEqual({ inputTokens: 5, outputTokens: 9, cacheReadTokens: 0 });
});

test.each([
  ['Chat', completion, 'prompt_tokens', 'completion_tokens'],
  ['Responses', response, 'input_tokens', 'output_tokens'],
] as const)(
  '%s tells sums, with what of them was cached or reasoned beside',
  (_, read, input, output) => {
    const usage = {
      ...{ [input]: 1_000, [output]: 50, cost: 0.00014 },
      [`${input}_details`]: { cached_tokens: 700, cache_write_tokens: 200 },
      [`${output}_details`]: { reasoning_tokens: 40 },
    };
    const found = read(usage);
    expect(found).toEqual({
      ...{ inputTokens: 100, outputTokens: 10, cacheReadTokens: 700, cacheWrite5mTokens: 200 },
      ...{ reasoningTokens: 40, reportedMicroUsd: 140 },
    });
    expect(found && allTokens(found)).toBe(1_050);
    expect(read({ [input]: 3, [output]: 4 })).toEqual({ inputTokens: 3, outputTokens: 4 });
  },
);

test.each([
  ['more cached than there was', { cached_tokens: 5_000, cache_write_tokens: 9 }, 10],
  ['a count that is none', { cached_tokens: -1 }, 10],
])('%s does not make a call cheaper than nothing', (_, prompt_tokens_details, input) => {
  const usage = completion({ prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details });
  expect(usage && allTokens(usage)).toBe(input + 1);
});
