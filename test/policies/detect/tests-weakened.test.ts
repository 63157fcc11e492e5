import { describe, expect, test } from 'vitest';
import { testsWeakened } from '../../../policies/detect/tests-weakened.ts';
import { compileGlob } from '../../../policies/glob.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';
import { added, deleted, fileChange, firingsOf, keysOf, UNREADABLE } from './file-change.ts';

const kinds = (path: string, before: string | null, after: string | null) =>
  keysOf(testsWeakened, path, before, after).map((key) => key.replace(/:[0-9a-f]{12}$/, ''));

const SUITE = `import { expect, it } from 'vitest';

it('adds', () => {
  expect(add(1, 2)).toBe(3);
  expect(add(-1, 1)).toBe(0);
});
it('does not add text', () => {
  expect(() => add('1', 2)).toThrow();
});
`;
const edited = (from: string | RegExp, to: string) => SUITE.replace(from, to);

describe('which files are read', () => {
  test.each([
    ...[
      'src/a.test.ts',
      'a.spec.tsx',
      'src/__tests__/a.js',
      'test/a.ts',
      'pkg/tests/a.py',
      'test_a.py',
    ],
    ...[
      'a_test.go',
      'spec/a_spec.rb',
      'src/test/java/AppTest.java',
      'AppTests.cs',
      '__snapshots__/a.snap',
    ],
    ...[
      'vitest.config.ts',
      'packages/a/jest.config.js',
      'pyproject.toml',
      '.nycrc',
      'package.json',
    ],
    ...['codecov.yml', '.mocharc.yml', 'playwright.config.ts', 'e2e/a.spec.ts-snapshots/a.png'],
  ])('%s is', (path) => {
    expect(testsWeakened.paths.some((glob) => compileGlob(glob, { self: true })(path))).toBe(true);
  });
  test.each([
    'src/a.ts',
    'README.md',
    'src/contest.ts',
    'src/latest/a.ts',
    'src/inspect.ts',
    'tsconfig.json',
  ])('%s is not', (path) => {
    expect(testsWeakened.paths.some((glob) => compileGlob(glob, { self: true })(path))).toBe(false);
  });
});

describe('a test file that is gone', () => {
  const fires = (...files: Parameters<typeof firingsOf>[1]) =>
    firingsOf(testsWeakened, files).map(({ path, key }) => `${path} ${key}`);

  test('deleted', () => {
    expect(fires(deleted('a.test.ts', SUITE))).toEqual(['a.test.ts deleted']);
    expect(fires(deleted('a.test.ts', UNREADABLE))).toEqual(['a.test.ts deleted']);
    expect(fires(deleted('vitest.config.ts', ''))).toEqual(['vitest.config.ts deleted']);
  });

  test('turned into a symlink', () => {
    const file = fileChange('a.test.ts', SUITE, '../b', { after: '120000' });
    expect(fires(file)).toEqual(['a.test.ts replaced']);
  });

  test('moved to where a runner finds it too', () => {
    expect(fires(deleted('src/a.test.ts', SUITE), added('test/b.test.ts', SUITE))).toEqual([]);
    expect(fires(deleted('a/test_x.py', 'x'), added('b/test_y.py', 'x'))).toEqual([]);
    expect(fires(deleted('tests/a.ts', 'x'), added('tests/deep/a.ts', 'x'))).toEqual([]);
  });

  test.each([
    ['tests/a.test.ts', 'tests/a.ts'],
    ['a.test.ts', 'a.test.ts.bak'],
    ['a.test.ts', 'a.spec.ts'],
    ['tests/a.ts', 'tests/disabled-a.ts'],
    ['test_a.py', 'a_test.txt'],
  ])('moved from %s to %s, which a runner may not find', (from, to) => {
    expect(fires(deleted(from, SUITE), added(to, SUITE))).toEqual([`${from} deleted`]);
  });

  test('moved and edited, or two turned into one', () => {
    const one = added('b.test.ts', SUITE);
    expect(fires(deleted('a.test.ts', `${SUITE}\n`), one)).toEqual(['a.test.ts deleted']);
    expect(fires(deleted('a.test.ts', SUITE), deleted('c.test.ts', SUITE), one)).toEqual([
      'c.test.ts deleted',
    ]);
  });

  test('prose and recordings are no tests', () => {
    expect(
      fires(deleted('test/README.md', 'x'), deleted('a.snap', 'x'), deleted('a.test.ts', 'x')),
    ).toEqual(['a.test.ts deleted']);
  });
});

describe('a test that says less', () => {
  test('an assertion that is gone', () => {
    expect(kinds('a.test.ts', SUITE, edited(/ {2}expect\(add\(-1.*\n/, ''))).toEqual([
      'fewer-assertions:3>2',
    ]);
  });

  test('a case that is gone', () => {
    expect(kinds('a.test.ts', SUITE, SUITE.slice(0, SUITE.indexOf("it('does")))).toEqual([
      'fewer-cases:2>1',
      'fewer-assertions:3>2',
    ]);
  });

  test.each([
    ['in a line comment', edited('  expect(add(1', '  // expect(add(1')],
    [
      'in a block comment',
      edited('  expect(add(1, 2)).toBe(3);', '  /* expect(add(1, 2)).toBe(3); */'),
    ],
    ['in a string', edited('  expect(add(1, 2)).toBe(3);', '  "expect(add(1, 2)).toBe(3);";')],
    ['in a template', edited('  expect(add(1, 2)).toBe(3);', '  `\nexpect(add(1, 2)).toBe(3);`;')],
    ['with CRLF', edited('  expect(add(1', '  // expect(add(1').replaceAll('\n', '\r\n')],
  ])('an assertion that stands %s', (_, after) => {
    expect(kinds('a.test.ts', SUITE, after)).toEqual(['fewer-assertions:3>2']);
  });

  test.each([
    [
      'test_a.py',
      'def test_a():\n    assert f() == 1\n    assert g()\n',
      'def test_a():\n    f()\n    assert g()\n',
    ],
    [
      'a_test.go',
      'func TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Fatal("f")\n\t}\n}\n',
      'func TestA(t *testing.T) {\n\tf()\n}\n',
    ],
    ['a_spec.rb', 'it "adds" do\n  expect(add(1)).to eq 2\nend\n', 'it "adds" do\n  add(1)\nend\n'],
    ['ATest.java', '@Test void a() { assertEquals(1, f()); }', '@Test void a() { f(); }'],
    ['a.rs', '#[test]\nfn a() { assert_eq!(f(), 1); }', '#[test]\nfn a() { f(); }'],
    [
      'ATests.cs',
      '[Fact] public void A() { Assert.Equal(1, F()); }',
      '[Fact] public void A() { F(); }',
    ],
  ])('%s without its assertion', (path, before, after) => {
    const [key = ''] = kinds(path, before, after);
    expect(key).toMatch(/^fewer-assertions:\d>\d$/);
  });

  test.each([
    [
      'test_a.py',
      'def test_a():\n    f()\ndef test_b():\n    f()\n',
      'def test_a():\n    f()\ndef b():\n    f()\n',
    ],
    [
      'a_test.go',
      'func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}',
      'func TestA(t *testing.T) {}\nfunc testB(t *testing.T) {}',
    ],
    ['a_spec.rb', 'it "a" do\nend\nit "b" do\nend', 'it "a" do\nend\n'],
    [
      'ATest.java',
      '@Test void a() {}\n@ParameterizedTest void b() {}',
      '@Test void a() {}\nvoid b() {}',
    ],
    ['a.rs', '#[tokio::test]\nasync fn a() {}', 'async fn a() {}'],
    ['ATest.php', 'public function testA() {}', 'public function a() {}'],
  ])('%s without one of its cases', (path, before, after) => {
    const [key = ''] = kinds(path, before, after);
    expect(key).toMatch(/^fewer-cases:\d>\d$/);
  });

  test.each([
    [
      'an assertion of what is always so',
      edited('expect(add(1, 2)).toBe(3)', 'expect(true).toBe(true)'),
      'hollow',
    ],
    [
      'the same over two lines',
      edited('expect(add(1, 2)).toBe(3)', 'expect( true )\n .toBe(true)'),
      'hollow',
    ],
  ])('%s', (_, after, key) => {
    expect(kinds('a.test.ts', SUITE, after)).toEqual([key]);
  });

  test('more and other assertions are fine', () => {
    expect(kinds('a.test.ts', SUITE, edited('toBe(3)', 'toEqual(3)'))).toEqual([]);
    expect(kinds('a.test.ts', SUITE, `${SUITE}${SUITE}`)).toEqual([]);
    expect(kinds('a.test.ts', null, SUITE)).toEqual([]);
    expect(kinds('a.test.ts', SUITE, SUITE.replaceAll('\n', '\r\n'))).toEqual([]);
    expect(kinds('a.test.ts', SUITE, `\uFEFF${SUITE}`)).toEqual([]);
  });
});

describe('a test that is switched off', () => {
  test.each([
    ["it.skip('a', f)", 'skip'],
    ["it('a', f); it\n  . /* why */ skip('b', f)", 'skip'],
    ["describe.only('a', f)", 'only'],
    ["test.describe.parallel.only('a', f)", 'only'],
    ["it.concurrent.skip.each([1])('a', f)", 'skip'],
    ["it.todo('a')", 'skip'],
    ["it.skipIf(true)('a', f)", 'skip'],
    ["it['skip']('a', f)", 'skip'],
    ["it?.skip('a', f)", 'skip'],
    ["it.sk\\u0069p('a', f)", 'escaped-name'],
    ["xit('a', f)", 'skip'],
    ["xdescribe.each([1])('a', f)", 'skip'],
    ["fdescribe('a', f)", 'only'],
    ["it('a', { skip: true }, f)", 'skip'],
    ["it('a', { 'skip': true }, f)", 'skip'],
    ["it('a', { only: true }, f)", 'only'],
    ["it('a', (t) => t.skip('later'))", 'skip'],
    ['it("a", function () { this.skip(); })', 'skip'],
    ['const a = `$'.concat('{it.skip("a", f)}`'), 'skip'],
    ['const a = /[`"\'/*]/; it.skip("a", f) // `', 'skip'],
    ['test.fixme("a", f)', 'skip'],
  ])('in JavaScript: %s', (line, kind) => {
    expect(kinds('a.test.ts', SUITE, `${SUITE}${line}\n`)).toEqual([kind]);
  });

  test.each([
    ['test_a.py', '@pytest.mark.skip(reason="later")', 'skip'],
    ['test_a.py', '@pytest.mark.xfail', 'skip'],
    ['test_a.py', '@unittest.skipIf(True, "")', 'skip'],
    ['test_a.py', '    pytest.skip("later", allow_module_level=True)', 'skip'],
    ['test_a.py', 'pytestmark = pytest.mark.skip', 'skip'],
    ['test_a.py', '    self.skipTest("later")', 'skip'],
    ['test_a.py', '    raise SkipTest', 'skip'],
    ['test_a.py', '__test__ = False', 'skip'],
    ['conftest.py', 'collect_ignore = ["test_a.py"]', 'skip'],
    ['test_a.py', '    assert True', 'hollow'],
    ['test_a.py', '    self.assertTrue(True)', 'hollow'],
    ['a_test.go', '\tt.Skip("later")', 'skip'],
    ['a_test.go', '\tif testing.Short() {', 'skip'],
    ['a_test.go', '//go:build never', 'skip'],
    ['ATest.java', '@Disabled("later")', 'skip'],
    ['ATest.java', '@org.junit.Ignore', 'skip'],
    ['ATest.java', 'assumeTrue(false);', 'skip'],
    ['ATests.cs', '[Fact(Skip = "later")]', 'skip'],
    ['ATests.cs', '[Ignore("later")]', 'skip'],
    ['a_test.rs', '#[ignore]', 'skip'],
    ['a_spec.rb', "  xit 'adds' do", 'skip'],
    ['a_spec.rb', '  skip "later"', 'skip'],
    ['a_spec.rb', "  it 'adds', :focus do", 'only'],
    ['ATest.php', '$this->markTestSkipped();', 'skip'],
    ['a_test.exs', '@tag :skip', 'skip'],
  ])('in %s: %s', (path, line, kind) => {
    expect(kinds(path, 'x\n', `x\n${line}\n`)).toEqual([kind]);
    expect(kinds(path, null, `\uFEFFx\r\n${line}\r\n`)).toEqual([kind]);
    expect(kinds(path, `x\n${line}\n`, `${line}\nx\n`)).toEqual([]);
    expect(kinds(path, `x\n${line}\n`, 'x\n')).not.toContain(kind);
  });

  test('one is switched on and another off', () => {
    const suite = "it.skip('a', f);\nit('b', g);\n";
    expect(kinds('a.test.ts', suite, "it('a', f);\nit.skip('b', g);\n")).toEqual(['skip']);
  });

  test('the firing names the line', () => {
    const file = fileChange('a.test.ts', SUITE, `\n${SUITE}\nit.only('c', f);\n`);
    expect(firingsOf(testsWeakened, [file])).toMatchObject([
      { line: 12, message: 'a.test.ts runs one test and leaves out the others' },
    ]);
  });

  test.each([
    ["// it.skip('a', f)"],
    ["/* it.only('a') */ "],
    ["const title = 'it.skip(1)';"],
    ['page.skip(3); list.only(1); unit.skip();'],
    ['const todo = { todo: "buy milk", skip: 10, only: false };'],
    ["import { skip } from 'rx';"],
  ])('harmless: %s', (line) => {
    expect(kinds('a.test.ts', SUITE, `${SUITE}${line}\n`)).toEqual([]);
  });
});

test('what cannot be read fires, a picture does not', () => {
  expect(keysOf(testsWeakened, 'a.test.ts', SUITE, UNREADABLE)).toEqual(['unreadable']);
  expect(keysOf(testsWeakened, 'a.test.ts', UNREADABLE, SUITE)).toEqual(['unreadable']);
  expect(keysOf(testsWeakened, 'jest.config.js', null, UNREADABLE)).toEqual(['unreadable']);
  expect(keysOf(testsWeakened, 'test/a.png', UNREADABLE, { unreadable: true, oid: 'c' })).toEqual(
    [],
  );
});

describe('recordings', () => {
  const snapshot = fileChange('__snapshots__/a.test.ts.snap', 'old', 'new');
  test('that changed without any test', () => {
    const files = [snapshot, fileChange('src/a.ts', 'x', 'y')];
    const found = testsWeakened.detect({ files: [snapshot], all: files, roots: [] }, {});
    expect(found.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^snapshot-only:[0-9a-f]{12}$/),
    ]);
  });

  test.each([
    ['e2e/a.spec.ts-snapshots/a.png', UNREADABLE],
    ['a.snap', null],
    ['__snapshots__/a.ambr', 'y'],
  ])('%s', (path, after) => {
    expect(keysOf(testsWeakened, path, 'x', after)).toHaveLength(1);
  });

  test('that changed with a test, or are new', () => {
    expect(
      firingsOf(testsWeakened, [snapshot, fileChange('a.test.ts', SUITE, `${SUITE}\n`)]),
    ).toEqual([]);
    expect(firingsOf(testsWeakened, [added('a.snap', 'x')])).toEqual([]);
  });

  test('that changed with the configuration alone', () => {
    expect(
      firingsOf(testsWeakened, [snapshot, fileChange('package.json', '{}', '{"a":1}')]),
    ).toHaveLength(1);
  });
});

test.each([
  ['cases', "it('a', f);\n".repeat(80_000)],
  ['skipped cases', "it.skip('a', f);\n".repeat(15_000)],
  ['beginnings', 'it '.repeat(350_000)],
  ['steps', 'it.a.b.c.d'.repeat(100_000)],
  ['blanks', `it${' '.repeat(1_000_000)}`],
  ['lines of blanks', `${' '.repeat(1_000)}\n`.repeat(1_000)],
  ['names', `assert${'a'.repeat(1_000_000)}`],
  ['imports', 'import '.repeat(150_000)],
])('a mebibyte of %s takes no longer than linear work', (_, text) => {
  const spent = cpuMs(() => {
    kinds('a.test.ts', '', text);
  });
  expect(spent).toBeLessThan(MEBIBYTE_MS);
});
