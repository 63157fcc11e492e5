import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withMessage } from '../../../gateway/model/append-message.ts';

test.each([
  ['chat', '{"messages":[{"role":"user","content":"]}"}],"z":1}', { role: 'user', content: 'end' }],
  ['messages', '{"messages":[ ]}', { role: 'user', content: 'end' }],
  [
    'responses',
    '{"input":[1]}',
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'end' }] },
  ],
  ['gemini', '{"contents":[{}]}', { role: 'user', parts: [{ text: 'end' }] }],
])(
  'in %s a message is the last of the list, and all before it is as it was',
  (wire, json, last) => {
    const changed = withMessage(json, wire, 'end');
    const [list] = Object.values(JSON.parse(changed)) as unknown[][];
    expect(list?.at(-1)).toEqual(last);
    expect(changed.startsWith(json.slice(0, json.lastIndexOf(']')))).toBe(true);
  },
);

test('an input that is one text goes on', () => {
  const changed = withMessage('{"input":"a \\"task\\"", "n":2}', 'responses', 'end "now"');
  expect(JSON.parse(changed)).toEqual({ input: 'a "task"\n\nend "now"', n: 2 });
});

describe('a request without messages', () => {
  test.each([
    ['no such key', '{"a":{"messages":[]}}', 'chat'],
    ['something else there', '{"messages":{"a":[]}}', 'chat'],
    ['a protocol that nobody knows', '{"messages":[]}', 'telegraph'],
  ])('is left alone: %s', (_, json, wire) => {
    expect(withMessage(json, wire, 'end')).toBe(json);
  });
});

test('of two equal keys it is the last, as readers take it', () => {
  const changed = withMessage('{"messages":[1],"messages":[2]}', 'chat', 'end');
  expect(JSON.parse(changed).messages).toEqual([2, { role: 'user', content: 'end' }]);
});

test('whatever else is in a request, only that list grows', () => {
  const any = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 });
  fc.assert(
    fc.property(
      any,
      any,
      fc.array(fc.jsonValue()),
      fc.nat({ max: 2 }),
      (before, after, list, gap) => {
        const request = { ...before, messages: list, ...after, messages_: 1 };
        const now = Array.isArray(request.messages) ? request.messages : list;
        const value = { ...request, messages: now };
        const changed = JSON.parse(withMessage(JSON.stringify(value, null, gap), 'chat', 'end'));
        const wanted = JSON.parse(JSON.stringify(value));
        expect(changed).toEqual({
          ...wanted,
          messages: [...wanted.messages, { role: 'user', content: 'end' }],
        });
      },
    ),
    { numRuns: 200 },
  );
});
