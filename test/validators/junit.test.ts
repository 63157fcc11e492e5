import { describe, expect, test } from 'vitest';
import { readJunit } from '../../validators/junit.ts';

const counts = (xml: string): unknown => {
  const report = readJunit(xml);
  return 'tests' in report ? report.tests : report;
};
const oneFailure = (inner: string, attributes = ''): unknown => {
  const xml = `<testsuite><testcase name="a" ${attributes}>${inner}</testcase></testsuite>`;
  const report = readJunit(xml);
  return 'failures' in report ? report.failures[0] : report;
};

describe('counting', () => {
  test('test cases are counted, whatever the attributes say', () => {
    const xml = `<?xml version="1.0"?>
      <!-- made by a runner -->
      <testsuites tests="99" failures="0">
        <testsuite name="one" tests="7" failures="0">
          <testcase name="a"/><testcase name="b"><failure/></testcase>
          <testsuite name="inside"><testcase name="c"><error/></testcase></testsuite>
        </testsuite>
        <testsuite name="two"><testcase name="d"><skipped/></testcase></testsuite>
      </testsuites>`;
    expect(counts(xml)).toEqual({ run: 3, failed: 2, skipped: 1, flaky: 0 });
  });

  test.each([
    '<testsuites tests="5"/>',
    '<testsuite tests="5"></testsuite>',
    '<testsuite><testcase name="a"><skipped/></testcase></testsuite>',
    '<testsuite><testcase name="a" status="notrun"/></testsuite>',
  ])('%s ran no test', (xml) => {
    expect(counts(xml)).toMatchObject({ run: 0, failed: 0 });
  });

  test('a test that failed and says it was skipped has failed', () => {
    const xml = '<testsuite><testcase><skipped/><failure/></testcase></testsuite>';
    expect(counts(xml)).toEqual({ run: 1, failed: 1, skipped: 0, flaky: 0 });
  });

  test('a test with two failures is one failed test', () => {
    const xml =
      '<testsuite><testcase><failure>1</failure><failure>2</failure></testcase></testsuite>';
    expect(counts(xml)).toEqual({ run: 1, failed: 1, skipped: 0, flaky: 0 });
  });

  test('a suite that broke before its first test has failed', () => {
    const xml = '<testsuite name="db"><error message="no database"/></testsuite>';
    expect(readJunit(xml)).toEqual({
      tests: { run: 1, failed: 1, skipped: 0, flaky: 0 },
      failures: [{ name: 'db', message: 'no database' }],
      names: { passed: [], failed: ['db'], skipped: [], flaky: [] },
    });
  });

  test('a failed try that the runner repeated with success is no failure, and flaky', () => {
    const xml =
      '<testsuite><testcase name="a"><flakyFailure/><rerunFailure/></testcase></testsuite>';
    expect(readJunit(xml)).toMatchObject({
      tests: { run: 1, failed: 0, skipped: 0, flaky: 1 },
      names: { passed: [], flaky: ['a'] },
    });
  });

  test('every test is named, by its outcome', () => {
    const xml = `<testsuite><testcase classname="cart" name="adds"/><testcase name="b"><failure/></testcase>
      <testcase name="c"><skipped/></testcase></testsuite>`;
    expect(readJunit(xml)).toMatchObject({
      names: { passed: ['cart › adds'], failed: ['b'], skipped: ['c'], flaky: [] },
    });
  });

  test('many failures are all counted and the first two hundred told', () => {
    const cases = '<testcase><failure>x</failure></testcase>'.repeat(300);
    const report = readJunit(`<testsuite>${cases}</testsuite>`);
    expect(report).toMatchObject({ tests: { run: 300, failed: 300 } });
    expect('failures' in report && report.failures).toHaveLength(200);
  });
});

describe('failures', () => {
  test('a failure has the name of its test and what was said', () => {
    const failure = '<failure message="expected 1">at pay.ts:3</failure>';
    expect(oneFailure(failure, 'classname="pay.test.ts"')).toEqual({
      name: 'pay.test.ts › a',
      message: 'expected 1\nat pay.ts:3',
    });
  });

  test('a message that the text repeats is said once', () => {
    const failure = '<failure message="expected 1">Error: expected 1 at pay.ts:3</failure>';
    expect(oneFailure(failure)).toMatchObject({ message: 'Error: expected 1 at pay.ts:3' });
  });

  test('the characters of XML are decoded once, and CDATA not at all', () => {
    expect(
      oneFailure('<failure>&lt;b&gt; &amp;lt; &#65;&#x1F600; &#9999999;</failure>'),
    ).toMatchObject({
      message: '<b> &lt; A😀 &#9999999;',
    });
    const cdata = '<failure><![CDATA[<!DOCTYPE html> &lt;]]></failure>';
    expect(oneFailure(cdata)).toMatchObject({ message: '<!DOCTYPE html> &lt;' });
  });

  test('a message is cut to 2,000 characters, never through one', () => {
    expect(oneFailure(`<failure>${'x'.repeat(5_000)}</failure>`)).toMatchObject({
      message: 'x'.repeat(2_000),
    });
    expect(oneFailure(`<failure>${'x'.repeat(1_999)}😀</failure>`)).toMatchObject({
      message: 'x'.repeat(1_999),
    });
  });
});

describe('what is not a whole report is unreadable', () => {
  test.each([
    ['nothing', ''],
    ['other text', 'all 12 tests passed'],
    ['a report cut off in the middle', '<testsuite><testcase name="a"/>'],
    ['a tag closed by another', '<testsuite><testcase></testsuite></testcase>'],
    ['another root', '<html><testsuite><testcase/></testsuite></html>'],
    ['two roots', '<testsuite/><testsuites/>'],
    [
      'a document type',
      '<!DOCTYPE a [<!ENTITY a "b">]><testsuite><testcase name="&a;"/></testsuite>',
    ],
    ['a hidden document type', '<?xml version="1.0"?>\n<!-- > --> <!doctype a><testsuite/>'],
    ['tags nested too deeply', `${'<testsuite>'.repeat(200)}${'</testsuite>'.repeat(200)}`],
    ['a name that means something to JavaScript', '<testsuite><__proto__ a="b"/></testsuite>'],
    ['more than 16 MiB', `<testsuite>${' '.repeat(16 * 1024 * 1024)}</testsuite>`],
    ['16 MiB in characters of two bytes', `<testsuite>${'é'.repeat(9_000_000)}</testsuite>`],
  ])('%s', (_, xml) => {
    expect(readJunit(xml)).toEqual({ unreadable: expect.stringMatching(/^.{10,500}$/su) });
  });

  test('an entity is never expanded, wherever it is declared', () => {
    const lol = '<!DOCTYPE a [<!ENTITY a "haha">]>';
    const report = readJunit(
      `<testsuite>${lol}<testcase name="&a;"><failure/></testcase></testsuite>`,
    );
    expect(JSON.stringify(report)).not.toContain('haha');
  });
});
