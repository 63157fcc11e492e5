/** Looking gates up by what their patterns name finds exactly what asking each of them would. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexOfGates } from '../../policies/gate-index.ts';
import { keyed, matchGate, matchGates, subjectsOf } from '../../policies/gates.ts';
import { globProblem, traitOf } from '../../policies/glob.ts';
import { entry } from './sample.ts';

const PIECES = [
  'a',
  'B',
  'ß',
  'SS',
  'é',
  'e\u0301',
  'ς',
  '.ts',
  '.d.ts',
  'x*',
  '*y',
  '*.sql',
  '?',
  '*',
  '**',
  '\\*',
  'İ',
];
const segment = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 })
  .map((all) => all.join(''));
const pattern = fc
  .tuple(
    fc.constantFrom('', '/'),
    fc.array(fc.oneof(segment, fc.constant('**')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '/', '/**'),
  )
  .map(([front, segments, end]) => `${front}${segments.join('/')}${end}`)
  .filter((text) => globProblem(text) === null);
const name = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'A',
      'B',
      'ß',
      'ss',
      'É',
      'é',
      'Σ',
      'σ',
      '.ts',
      '.D.ts',
      'x',
      'y',
      '.sql',
      '*',
      'i\u0307',
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.join(''));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
const gates = fc.array(
  fc.record({
    paths: fc.array(pattern, { minLength: 1, maxLength: 3 }),
    except: fc.array(pattern, { maxLength: 1 }),
  }),
  { minLength: 1, maxLength: 8 },
);

test('the index and the plain matcher agree on every gate and every path', () => {
  fc.assert(
    fc.property(gates, fc.uniqueArray(path, { minLength: 1, maxLength: 8 }), (rules, paths) => {
      const asked = rules.map((rule) => ({
        ...rule,
        operations: ['add' as const, 'modify' as const],
      }));
      const subjects = subjectsOf(paths.map((one) => entry(one)));
      expect(matchGates(asked, subjects)).toEqual(asked.map((gate) => matchGate(gate, subjects)));
    }),
    { numRuns: 1_500 },
  );
});

test.each([
  ['/packages/p1/src/**/*.ts', { kind: 'prefix', text: 'packages/p1/src' }],
  ['src/', { kind: 'name', text: 'src' }],
  ['lib/x/', { kind: 'prefix', text: 'lib/x' }],
  ['**/migrations/*.sql', { kind: 'name', text: 'migrations' }],
  ['package.json', { kind: 'name', text: 'package.json' }],
  ['*.d.ts', { kind: 'suffix', text: '.d.ts' }],
  ['a/*/b', { kind: 'prefix', text: 'a' }],
  ['*test*', null],
  ['**', null],
])('%s is looked up by %j', (text, trait) => {
  expect(traitOf(text, { self: true })).toEqual(trait);
});

test('a path is asked about by the gates that name a part of it, and no others', () => {
  const index = indexOfGates([
    { paths: ['/a/b/'] },
    { paths: ['c'] },
    { paths: ['*.ts'] },
    { paths: ['*x*'] },
  ]);
  const found = (text: string) => [...new Set(index(keyed(text)))].sort();
  expect(found('a/b/z')).toEqual([0, 3]);
  expect(found('A/B')).toEqual([0, 3]);
  expect(found('z/c/a/b')).toEqual([1, 3]);
  expect(found('z/y.d.ts')).toEqual([2, 3]);
  expect(found('z')).toEqual([3]);
});
