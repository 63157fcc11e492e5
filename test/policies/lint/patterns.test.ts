import { expect, test } from 'vitest';
import { codes, edited, found, KNOWN, problems, SOUND, withMore } from './found.ts';

const hints = (source: string, known = KNOWN) =>
  problems(source, { known }).map(({ hint }) => hint);

test('a policy in order has no problems', () => {
  expect(found(SOUND)).toEqual([]);
});

test.each([
  ['"src/auth/"', '"src/auht/"', 'policy.yaml:17:13', 'src/auht/'],
  ['["web/"]', '["www/"]', 'policy.yaml:48:20', 'www/'],
  ['src/auth/docs/', 'src/auth/doc/', 'policy.yaml:18:14', 'src/auth/doc/'],
])('P0201: a pattern that matches no known file, in place of %s', (from, to, where, pattern) => {
  expect(found(edited(from, to))).toEqual([
    `P0201 warning ${where} \`${pattern}\` matches no known file`,
  ]);
});

test.each([
  ['content', 'content: [{ id: c, class: low, paths: [ghost/], text: { added_re2: [foo] } }]'],
  ['agents', 'agents: { coder: { write: [ghost/] } }'],
  ['models', 'models: { data: [{ paths: [ghost/], providers: [a] }] }'],
])('P0201: patterns under %s are looked at too', (_, section) => {
  expect(codes(withMore(section))).toContain('P0201 warning');
});

test('P0201: where no file is known, no pattern is blamed', () => {
  expect(codes(edited('"src/auth/"', '"src/auht/"'), { known: [] })).toEqual([]);
});

test.each([
  ['src/{auth,pay}/', 'write "src/auth/", "src/pay/"'],
  ['src/[ab].ts', 'brackets are literal'],
  ['!src/', '`!` is literal'],
  ['src/@(a|b)/', 'parentheses are literal'],
])('P0202: the dialect of %s is told apart when it matches nothing', (pattern, said) => {
  const [problem] = problems(edited('src/auth/"]', `${pattern}"]`));
  expect(problem).toMatchObject({ code: 'P0202', severity: 'warning', line: 17, column: 13 });
  expect(`${problem?.message} ${problem?.hint}`).toContain(said);
});

test('P0202: brackets that are folder names are no problem', () => {
  const known = [...KNOWN, 'app/(auth)/[id]/page.tsx'];
  expect(found(edited('"src/auth/"]', '"app/(auth)/[id]/", "src/auth/"]'), { known })).toEqual([]);
});

test('P0204: a name that is meant for the root and lies deeper too', () => {
  const source = edited('paths: ["src/auth/"]', 'paths: ["package.json", "src/auth/"]');
  const known = [...KNOWN, 'package.json', 'web/package.json'];
  expect(found(source, { known })).toEqual([
    'P0204 info policy.yaml:17:13 `package.json` matches at any depth, `web/package.json` too',
  ]);
  expect(hints(source, known)).toEqual(['`/package.json` is the one at the root']);
});

test.each([
  ['only at the root', 'package.json', ['package.json']],
  ['only below it', 'package.json', ['web/package.json']],
  ['anchored', '/package.json', ['package.json', 'web/package.json']],
  ['with a star', '*.json', ['package.json', 'web/package.json']],
])('P0204: not said of a name %s', (_, pattern, more) => {
  const source = edited('paths: ["src/auth/"]', `paths: ["${pattern}", "src/auth/"]`);
  expect(codes(source, { known: [...KNOWN, ...more] })).toEqual([]);
});

test('P0205: a pattern that differs from a file in letter case only is told so', () => {
  const source = edited('"src/auth/"', '"src/Auth/"');
  expect(codes(source)).toEqual(['P0205 warning']);
  expect(hints(source)).toEqual(['`src/auth/a.ts` differs in letter case only']);
});

test('P0206: a gate that excepts every file that it covers', () => {
  expect(found(edited('src/auth/docs/', 'src/'))).toEqual([
    'P0206 warning policy.yaml:18:13 gate auth excepts every file that it covers',
  ]);
});

test.each([
  ['src/**.ts', 'src/**/*.ts'],
  ['**.ts', '**/*.ts'],
  ['src/a**/a.ts', 'src/a*/**/a.ts'],
  ['src/a**h/a.ts', 'src/a*/**/*h/a.ts'],
])('P0209: the two stars of %s stay in their folder', (pattern, deep) => {
  const source = edited('"src/auth/"', `"src/auth/", "${pattern}"`);
  const known = [...KNOWN, 'src/a.ts', 'src/auth/a.ts'];
  expect(codes(source, { known })).toEqual(['P0209 warning']);
  expect(hints(source, known)).toEqual([`\`${deep}\` covers any depth`]);
});

test.each(['src/**/a.ts', '**/a.ts', 'src/**', 'src/au**', 'src/auth/\\*\\*a'])(
  'P0209: not said of %s',
  (pattern) => {
    const source = edited('"src/auth/"', `'src/auth/', '${pattern}'`);
    expect(codes(source, { known: [...KNOWN, 'src/auth/**a'] })).toEqual([]);
  },
);

test('P0208: an expression that any line could match is searched for everywhere', () => {
  const rule = (pattern: string) =>
    withMore(`content: [{ id: c, class: low, text: { added_re2: [foo, '${pattern}'] } }]`);
  expect(found(rule('[0-9]+'))).toEqual([
    'P0208 warning policy.yaml:57:57 no text must be there for this to match, so every changed line is searched',
  ]);
  expect(found(rule('port [0-9]+'))).toEqual([]);
});
