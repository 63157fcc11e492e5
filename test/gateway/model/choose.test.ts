import { describe, expect, it } from 'vitest';
import { chooseModel } from '../../../gateway/model/choose.ts';

const KEY = 'sk-not-to-be-seen';

it.each([
  [{}, 'scripted model: answers from the files in /models, no AI, no key'],
  [{ OPENAI_API_KEY: ' ' }, 'scripted model: answers from the files in /models, no AI, no key'],
  [
    { OPENAI_API_KEY: KEY, PROOFHOUSE_MODEL: 'scripted' },
    'scripted model: answers from the files in /models, no AI, no key',
  ],
  [
    { OPENAI_API_KEY: KEY },
    'gpt-6.1-sol at https://api.openai.com/v1 (OpenAI-compatible, key from OPENAI_API_KEY, no price known)',
  ],
  [
    { OPENAI_BASE_URL: 'http://127.0.0.1:8000/' },
    'the first model listed at http://127.0.0.1:8000 (OpenAI-compatible, without a key, no price known)',
  ],
  [
    { ANTHROPIC_API_KEY: KEY, PROOFHOUSE_MODEL: 'claude-x', PROOFHOUSE_MODEL_PRICE: '3/15.5' },
    'claude-x at https://api.anthropic.com (Anthropic-compatible, key from ANTHROPIC_API_KEY, with a price)',
  ],
  [
    { ANTHROPIC_API_KEY: KEY, OPENAI_API_KEY: KEY },
    'gpt-6.1-sol at https://api.openai.com/v1 (OpenAI-compatible, key from OPENAI_API_KEY, no price known)',
  ],
  [
    { GEMINI_API_KEY: KEY },
    'gemini-3.8-flash at https://generativelanguage.googleapis.com (Gemini, key from GEMINI_API_KEY, no price known)',
  ],
])('%o is shown as: %s', (environment, shown) => {
  const choice = chooseModel(environment, '/models');
  expect(choice.shown).toBe(shown);
  expect(choice.shown).not.toContain(KEY);
});

it('dollars for a million tokens are millionths of a dollar for one, exactly', () => {
  const choice = chooseModel({ OPENAI_API_KEY: KEY, PROOFHOUSE_MODEL_PRICE: '3/0.25' }, null);
  expect(choice).toMatchObject({
    kind: 'openai',
    key: KEY,
    price: { rates: { input: 3_000_000, cacheRead: 3_000_000, output: 250_000 }, long: null },
  });
});

it('without scenarios and without a server there is no model', () => {
  expect(chooseModel({}, null).kind).toBe('none');
});

describe('is refused', () => {
  it.each([
    [{ OPENAI_BASE_URL: 'localhost' }, /OPENAI_BASE_URL is not an http or https address/],
    [{ OPENAI_BASE_URL: 'file:///etc' }, /OPENAI_BASE_URL is not an http or https address/],
    [{ ANTHROPIC_BASE_URL: 'https://me:pass@a.example/' }, /ANTHROPIC_BASE_URL holds a user/],
    [{ OPENAI_API_KEY: KEY, PROOFHOUSE_MODEL_PRICE: '3' }, /PROOFHOUSE_MODEL_PRICE=3 is not/],
    [{ OPENAI_API_KEY: KEY, PROOFHOUSE_MODEL_PRICE: '-3/1' }, /is not INPUT\/OUTPUT/],
  ])('%o', (environment, message) => {
    expect(() => chooseModel(environment, null)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    );
  });
});
