/**
 * Reads a JUnit XML report. The only file that knows the XML parser.
 *
 * Invariant: the numbers are counted from `testcase` elements; what a report says of itself in
 * attributes is never believed. A report that cannot be read whole is unreadable, not empty.
 * Deliberately absent: entities and document types, so there is nothing to expand.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import {
  cut,
  FAILURES_MAX,
  MESSAGE_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
  REPORT_BYTES_MAX,
  unreadable,
} from './bounded-text.ts';
import type { Failure, TestReport } from './test-report.ts';

const NESTING_MAX = 100;

export function readJunit(xml: string): TestReport | { readonly unreadable: string } {
  if (Buffer.byteLength(xml) > REPORT_BYTES_MAX) return unreadable('it is larger than 16 MiB');
  if (hasDocumentType(xml)) return unreadable('it declares a document type, which is not read');
  const valid = XMLValidator.validate(xml);
  if (valid !== true) {
    return unreadable(`line ${valid.err.line}: ${valid.err.msg}`);
  }
  try {
    return reportOf(PARSER.parse(xml));
  } catch (thrown) {
    return unreadable(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Marks of a test that failed, was run again by its runner and passed then. */
const FLAKY = ['flakyFailure', 'flakyError'];
const LISTS = new Set([
  ...['testsuites', 'testsuite', 'testcase', 'failure', 'error', 'skipped'],
  ...FLAKY,
]);
const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  cdataPropName: '#cdata',
  parseTagValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: NESTING_MAX,
  isArray: (name, _path, _leaf, isAttribute) => LISTS.has(name) && !isAttribute,
});

/** An element: attributes under `@name`, text under `#text`, the elements of `LISTS` as arrays. */
type Element = Readonly<Record<string, unknown>>;

/** Looks before the root element only: in the text of a failure, `<!DOCTYPE` is text. */
function hasDocumentType(xml: string): boolean {
  for (let at = 0; ; ) {
    at += xml.slice(at).search(/[^\s\uFEFF]|$/);
    const end = xml.startsWith('<!--', at) ? '-->' : xml.startsWith('<?', at) ? '?>' : null;
    if (end === null) return /^<!DOCTYPE/i.test(xml.slice(at, at + 9));
    const found = xml.indexOf(end, at + 2);
    if (found === -1) return false;
    at = found + end.length;
  }
}

function reportOf(document: unknown): TestReport | { unreadable: string } {
  const roots = Object.keys(elementOf(document));
  const [root] = roots;
  if (roots.length !== 1 || (root !== 'testsuites' && root !== 'testsuite')) {
    return unreadable(`its root is ${roots.join(', ') || 'missing'}, not testsuites or testsuite`);
  }
  const suites = suitesOf(children(elementOf(document), root));
  const tests = suites.flatMap((suite) => children(suite, 'testcase'));
  // A suite fails as a whole when its set-up did, and then has no test case to say so.
  const failed = [...suites, ...tests].filter((element) => failureOf(element) !== null);
  const passed = tests.filter((test) => failureOf(test) === null);
  const skipped = passed.filter(isSkipped);
  const ran = passed.filter((test) => !isSkipped(test));
  const flaky = ran.filter(isFlaky);
  return {
    tests: {
      run: ran.length + failed.length,
      ...{ failed: failed.length, skipped: skipped.length, flaky: flaky.length },
    },
    failures: failed.slice(0, FAILURES_MAX).map(described),
    names: {
      passed: ran.filter((test) => !isFlaky(test)).map(nameOf),
      ...{ failed: failed.map(nameOf), skipped: skipped.map(nameOf), flaky: flaky.map(nameOf) },
    },
  };
}

function suitesOf(roots: readonly Element[]): readonly Element[] {
  const suites = [...roots];
  // The list grows while it is walked: nested suites come after the ones that hold them.
  for (const suite of suites) {
    for (const name of ['testsuites', 'testsuite']) {
      for (const inner of children(suite, name)) suites.push(inner);
    }
  }
  return suites;
}

function described(element: Element): Failure {
  const failure = failureOf(element) ?? {};
  const [short, long] = [attribute(failure, 'message'), text(failure)];
  const message = long.includes(short) ? long : `${short}\n${long}`.trim();
  return {
    name: nameOf(element),
    message: cut(message || 'no message', MESSAGE_CHARACTERS_MAX),
  };
}

function nameOf(element: Element): string {
  const name = [attribute(element, 'classname'), attribute(element, 'name')]
    .filter((part) => part !== '')
    .join(' › ');
  return cut(name || 'a test without a name', NAME_CHARACTERS_MAX);
}

function isFlaky(test: Element): boolean {
  return FLAKY.some((mark) => children(test, mark).length > 0);
}

function failureOf(element: Element): Element | null {
  return children(element, 'failure')[0] ?? children(element, 'error')[0] ?? null;
}

/** GoogleTest marks a disabled test by attribute only. */
function isSkipped(test: Element): boolean {
  return children(test, 'skipped').length > 0 || attribute(test, 'status') === 'notrun';
}

function children(element: Element, name: string): readonly Element[] {
  const value = element[name];
  return Array.isArray(value) ? value.map(elementOf) : [];
}

/** The parser gives an element without attributes and children as its bare text. */
function elementOf(value: unknown): Element {
  return typeof value === 'object' && value !== null ? { ...value } : { '#text': value };
}

function attribute(element: Element, name: string): string {
  return decoded(element[`@${name}`]);
}

function text(element: Element): string {
  const { '#text': written, '#cdata': literal } = element;
  const literals = Array.isArray(literal) ? literal : [literal];
  const verbatim = literals.filter((part) => typeof part === 'string').join('');
  return `${decoded(written)}${verbatim}`.trim();
}

const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

/** The five names and the numbers of XML, once: what comes out is not looked at again. */
function decoded(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.replace(
    /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot|apos));/gi,
    (...match) => {
      const [whole, hex, decimal, name] = match as [string, string?, string?, string?];
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
