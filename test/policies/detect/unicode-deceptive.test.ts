import { describe, expect, test } from 'vitest';
import { unicodeDeceptive } from '../../../policies/detect/unicode-deceptive.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';
import { added, fileChange, firingsOf, keysOf, UNREADABLE } from './file-change.ts';

const kinds = (path: string, before: string | null, after: string | null) =>
  keysOf(unicodeDeceptive, path, before, after).map((key) => key.replace(/:[0-9a-f]{12}$/, ''));

describe('characters that hide or turn round', () => {
  test.each([
    ['right-to-left override', 'if (isAdmin\u202E) {', 'bidi'],
    ['isolates', "role != '\u2066user'", 'bidi'],
    ['right-to-left mark', 'a\u200Fb', 'bidi'],
    ['Arabic letter mark', 'a\u061Cb', 'bidi'],
    ['zero-width space', 'pass\u200Bword', 'invisible'],
    ['zero-width joiner between letters', 'ad\u200Dmin', 'invisible'],
    ['zero-width non-joiner between letters', 'ad\u200Cmin', 'invisible'],
    ['word joiner', 'a\u2060b', 'invisible'],
    ['zero-width joiner before an emoji', 'a\u200D👧', 'invisible'],
    ['byte order mark at the start of another line', '\uFEFFb', 'invisible'],
    ['byte order mark within', 'a\uFEFFb', 'invisible'],
    ['soft hyphen', 'a\u00ADb', 'invisible'],
    ['tag characters', 'ok\u{E0049}\u{E0067}', 'invisible'],
    ['variation selectors that carry bytes', 'a\u{E0100}\u{E0101}', 'invisible'],
    ['variation selector after a letter', 'a\uFE0Fb', 'invisible'],
    ['Hangul filler', 'const \u3164 = 1', 'invisible'],
    ['blank Braille cell', 'a\u2800b', 'invisible'],
    ['line separator', '// a\u2028evil()', 'invisible'],
    ['interlinear annotation', 'a\uFFF9b', 'invisible'],
    ['escape', 'echo "\u001b[8m"', 'control'],
    ['backspace', 'a\bb', 'control'],
    ['NUL', 'a\0b', 'control'],
  ])('%s', (_, line, kind) => {
    expect(kinds('src/a.ts', 'x\n', `x\n${line}\n`)).toEqual([kind]);
    expect(kinds('docs/a.md', 'x\r\n', `\uFEFFx\r\n${line}\r\n`)).toContain(kind);
  });

  test('the message shows them spelt out, and nothing of them raw', () => {
    const line = `const access = "user\u202E \u2066// check\u2069 \u2066"; ${'x'.repeat(100)}`;
    const [firing] = firingsOf(unicodeDeceptive, [fileChange('a.ts', '', `\n${line}`)]);
    expect(firing?.line).toBe(2);
    expect(firing?.message).toBe(
      'a.ts holds U+202E, U+2066, U+2069 in "const access = "user\\u{202e} \\u{2066}// check\\u{2069} \\u{2066}"; xxxxxxxxxxxxxxxxxxxxxxx…": it changes the order in which the text is shown',
    );
  });

  test('a line that had one and was edited is looked at again; moved as it is, it is not', () => {
    expect(kinds('a.ts', 'a\u200Bb', 'a\u200Bc')).toEqual(['invisible']);
    expect(kinds('a.ts', 'a\u200Bb', 'a\u200Bb\nc')).toEqual([]);
    expect(kinds('a.ts', 'a\u200Bb', 'c')).toEqual([]);
  });

  test.each([
    ['a byte order mark at the start', '\uFEFFconst a = 1;'],
    ['an emoji family', '👨\u200D👩\u200D👧'],
    ['an emoji with skin and profession', '👩🏽\u200D💻 🏳\uFE0F\u200D🌈'],
    ['emoji variation', '✔\uFE0F ❤\uFE0F 1\uFE0F\u20E3 ☎\uFE0E'],
    ['Persian', 'می\u200Cخواهم'],
    ['Hindi', 'क्\u200Dष'],
    ['tabs and form feeds', '\ta\fb'],
    ['accents and other scripts', 'naïve Größe 東京 Привет Ελλάδα עברית'],
  ])('allowed: %s', (_, line) => {
    expect(kinds('src/a.ts', null, `${line}\n`)).toEqual([]);
  });
});

describe('words that mix scripts', () => {
  test.each([
    ['Cyrillic а in admin', 'const isАdmin = \u0430dmin;'],
    ['Cyrillic с behind an underscore', 'user_\u0441ache'],
    ['Greek omicron in console', 'c\u03bfnsole.log()'],
    ['Greek capital in a constant', '\u0391PI_KEY'],
    ['Armenian օ', 'f\u0585o'],
    ['Cherokee Ꭺ', '\u13aadmin'],
    ['full-width letter', '\uff45val(x)'],
    ['mathematical letter', '\u{1d41e}val(x)'],
  ])('%s', (_, line) => {
    expect(kinds('src/a.ts', '', line)).toContain('mixed-script');
    expect(kinds('README.md', '', line)).not.toContain('mixed-script');
  });

  test('the message tells the letter', () => {
    const [firing] = firingsOf(unicodeDeceptive, [added('a.ts', '\u0430dmin')]);
    expect(firing?.message).toContain('"\\u{0430}dmin"');
  });

  test.each([
    '// Привет, world',
    'const Δx = σ2 + ν_max + μs',
    'Ελληνικά',
    'HTTP-сервер',
    'ｅｖａｌ',
  ])('allowed: %s', (line) => {
    expect(kinds('src/a.ts', null, line)).toEqual([]);
  });
});

describe('paths', () => {
  test.each([
    ['src/\u0430uth/login.ts', 'path-mixed-script'],
    ['src/a\u202Ets.exe', 'path-bidi'],
    ['src/a\u200Bb.ts', 'path-invisible'],
  ])('%j', (path, kind) => {
    expect(kinds(path, null, 'x')).toEqual([kind]);
    expect(kinds(path, 'y', 'x')).toEqual([]);
    expect(kinds(path, 'y', null)).toEqual([]);
  });

  test('plain names are fine in any one script', () => {
    expect(kinds('docs/привет/auth.md', null, 'x')).toEqual([]);
  });
});

test('what cannot be read fires, a picture does not', () => {
  expect(keysOf(unicodeDeceptive, 'a.ts', null, UNREADABLE)).toEqual(['unreadable']);
  expect(keysOf(unicodeDeceptive, 'a.png', null, UNREADABLE)).toEqual([]);
});

test.each([
  ['joiners', '\u200D'.repeat(350_000)],
  ['emoji and joiners', '👨\u200D'.repeat(150_000)],
  ['one mixed word', 'a\u0430'.repeat(300_000)],
  ['mixed words', 'a\u0430 '.repeat(200_000)],
  ['Greek parts', '\u0391_'.repeat(300_000)],
])('a mebibyte of %s takes no longer than linear work', (_, text) => {
  const spent = cpuMs(() => {
    kinds('a.ts', '', text);
  });
  expect(spent).toBeLessThan(MEBIBYTE_MS);
});
