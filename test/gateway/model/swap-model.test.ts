import fc from 'fast-check';
import { expect, it } from 'vitest';
import { swapModel, withField } from '../../../gateway/model/swap-model.ts';

it.each([
  ['{"model":"a"}', '{"model":"b"}'],
  [
    ' {\n"x":[{"model":"a"}], "model" : "a" ,"y":1.50}',
    ' {\n"x":[{"model":"a"}], "model" : "b" ,"y":1.50}',
  ],
  ['{"x":"model","model":"a"}', '{"x":"model","model":"b"}'],
  ['{"x":"\\"model\\":\\"a\\"","model":"a"}', '{"x":"\\"model\\":\\"a\\"","model":"b"}'],
  ['{"\\u006dodel":"a"}', '{"\\u006dodel":"b"}'],
  ['{"model":"a","model":"c"}', '{"model":"b","model":"b"}'],
  ['{"x":"a\\\\","model":"a"}', '{"x":"a\\\\","model":"b"}'],
  ['{"x":1}', '{"x":1}'],
])('%s becomes %s', (json, swapped) => {
  expect(swapModel(json, 'b')).toBe(swapped);
});

it('says what parsing and writing would say, for any object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (body, model) => {
      const json = JSON.stringify({ ...body, model: 'old' });
      expect(JSON.parse(swapModel(json, model))).toEqual(
        JSON.parse(JSON.stringify({ ...body, model })),
      );
    }),
  );
});

it('a field is put in front of all others, whatever they are', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (body, indent) => {
      const { extra: _taken, ...others } = body;
      const json = JSON.stringify(others, null, indent);
      const added = withField(json, 'extra', { a: 1 });
      expect(JSON.parse(added)).toEqual(JSON.parse(JSON.stringify({ ...others, extra: { a: 1 } })));
      expect(added.endsWith(json.slice(1))).toBe(true);
    }),
  );
});
