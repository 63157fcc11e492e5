/**
 * Text that is not what a reviewer reads: characters that turn the reading direction round, that
 * cannot be seen, or that look like others within one word.
 *
 * What languages need stays allowed: a byte order mark at the start, joiners in emoji and in the
 * scripts that are written with them, emoji variation. Mixed words are looked for in source and in
 * paths, not in prose, where they are how people write.
 */
import { z } from 'zod';
import { mixedWords } from './confusables.ts';
import type { Detector, Firing } from './detector.ts';
import { capped, plainLine, shortDigest } from './firings.ts';
import { changedLines, type Line } from './lines.ts';
import { scanAdded, type Texts } from './readable.ts';

const PROSE = /\.(?:mdx?|markdown|txt|rst|adoc|po|pot|xliff?|html?|svg|csv|tsv)$/i;

export const unicodeDeceptive: Detector<Record<string, never>> = {
  summary: 'text or a path holds characters that hide, turn round or imitate others',
  paths: ['**'],
  options: z.strictObject({}),
  detect(subject) {
    const paths = subject.files.flatMap(({ path, before }) => (before ? [] : pathFirings(path)));
    return capped([...paths, ...scanAdded(subject, textFirings)]);
  },
};

function pathFirings(path: string): Firing[] {
  const hidden = hiddenIn({ number: 0, text: path });
  const mixed = path.split('/').flatMap(mixedWords);
  const message = (what: string) => `the path ${escaped(path, 0)} holds ${what}`;
  return [
    ...kinds(hidden).map(([kind, names]) => ({
      ...{ path, line: null, key: `path-${kind}:${shortDigest(path)}` },
      message: message(`${names}: ${WHY[kind]}`),
    })),
    ...mixed.map((word) => ({
      ...{ path, line: null, key: `path-mixed-script:${shortDigest(word)}` },
      message: message('letters of two scripts in one word: it reads like another name'),
    })),
  ];
}

function textFirings(path: string, { before, after }: Texts): Firing[] {
  const isProse = PROSE.test(path);
  return changedLines(before, after).added.flatMap((line) => {
    // Most lines are plain, and nothing deceives in ASCII.
    if (!SUSPECT.test(line.text)) return [];
    return [...hiddenFirings(path, line), ...(isProse ? [] : mixedFirings(path, line))];
  });
}

const SUSPECT = /[^\t\f\x20-\x7e]/;

type Kind = 'bidi' | 'invisible' | 'control';
type Hidden = { readonly kind: Kind; readonly at: number; readonly name: string };

export const WHY: Record<Kind, string> = {
  bidi: 'it changes the order in which the text is shown',
  invisible: 'it cannot be seen',
  control: 'it can hide text in a terminal',
};

function hiddenFirings(path: string, line: Line): Firing[] {
  const hidden = hiddenIn(line);
  return kinds(hidden).map(([kind, names]) => ({
    path,
    line: line.number,
    key: `${kind}:${shortDigest(plainLine(line.text))}`,
    message: `${path} holds ${names} in "${escaped(line.text, hidden[0]?.at ?? 0)}": ${WHY[kind]}`,
  }));
}

function mixedFirings(path: string, line: Line): Firing[] {
  return [...new Set(mixedWords(line.text))].map((word) => ({
    path,
    line: line.number,
    key: `mixed-script:${shortDigest(word)}`,
    message: `${path} holds the word "${escaped(word, 0, /[^\x20-\x7e]/gu)}", which mixes scripts: it reads like another word`,
  }));
}

/** The kinds found, each with the names of its first few characters. */
function kinds(hidden: readonly Hidden[]): [Kind, string][] {
  return [...Map.groupBy(hidden, ({ kind }) => kind)].map(([kind, found]) => {
    const names = [...new Set(found.map(({ name }) => name))];
    const more = names.length > 4 ? ` and ${names.length - 4} more` : '';
    return [kind, names.slice(0, 4).join(', ') + more];
  });
}

/** `\p{DI}` is default-ignorable: shown as nothing by design. U+2800 is a blank Braille cell. */
const HIDDEN = /[\p{Bidi_Control}\p{DI}\p{Cf}\p{Cc}\p{Zl}\p{Zp}\u2800]/gu;
/** Code points that stay allowed everywhere: tab and form feed. Line ends are no part of a line. */
const HARMLESS = new Set(['\t', '\f']);

/** More of them on one line say nothing new. */
const TOLD_MAX = 100;

/** Characters of a line that a reader does not see, or sees elsewhere than they are. */
export function hiddenIn({ number, text }: Line): Hidden[] {
  const hidden: Hidden[] = [];
  for (const { 0: char, index } of text.matchAll(HIDDEN)) {
    if (isWanted(char, index, text, number)) continue;
    hidden.push({ kind: kindOf(char), at: index, name: nameOf(char) });
    if (hidden.length === TOLD_MAX) break;
  }
  return hidden;
}

function kindOf(char: string): Kind {
  if (/\p{Bidi_Control}/u.test(char)) return 'bidi';
  return /\p{Cc}/u.test(char) ? 'control' : 'invisible';
}

function isWanted(char: string, at: number, text: string, line: number): boolean {
  if (HARMLESS.has(char)) return true;
  if (char === '\uFEFF') return line === 1 && at === 0;
  // Four units hold the character before with what modifies it; the scan stays linear.
  const before = text.slice(Math.max(0, at - 4), at);
  const behind = text.slice(at + char.length, at + char.length + 2);
  if (char === '\uFE0E' || char === '\uFE0F') return /\p{Emoji}$/u.test(before);
  if (char === ZWJ && EMOJI_END.test(before) && /^\p{ExtPict}/u.test(behind)) return true;
  return (char === ZWJ || char === ZWNJ) && JOINED_SCRIPTS.test(before);
}

const ZWJ = '\u200D';
const ZWNJ = '\u200C';
const EMOJI_END = /[\p{ExtPict}\p{Emoji_Modifier}]\uFE0F?$/u;
const JOINED_SCRIPTS =
  /[\p{scx=Arab}\p{scx=Deva}\p{scx=Beng}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Gujr}\p{scx=Guru}\p{scx=Orya}\p{scx=Sinh}\p{scx=Khmr}\p{scx=Mymr}]$/u;

const SHOWN_BEFORE = 20;
const SHOWN_MAX = 60;

/** A part of a text around a place, on one line, with what cannot be seen spelt out. */
export function escaped(text: string, at: number, what: RegExp = HIDDEN): string {
  const from = Math.max(0, at - SHOWN_BEFORE);
  const part = text.slice(from, from + SHOWN_MAX).toWellFormed();
  const shown = part.replace(what, (char) => `\\u{${hex(char)}}`);
  return `${from > 0 ? '…' : ''}${shown}${from + SHOWN_MAX < text.length ? '…' : ''}`;
}

function nameOf(char: string): string {
  return `U+${hex(char).toUpperCase()}`;
}

function hex(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
}
