/**
 * Words that mix Latin letters with ones that look Latin. One script within a word is how people
 * write; two of them are how `admin` becomes a second, different `аdmin`.
 */

/** Cyrillic, Armenian and Cherokee have no place beside Latin in one identifier if the letter looks Latin. */
const LOOKALIKE = new RegExp(
  `[${[
    // Cyrillic small: а с е һ і ј ӏ о р ԛ ѕ у ѵ ԝ х ԁ
    '\u0430\u0441\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u0443\u0475\u051d\u0445\u0501',
    // Cyrillic capital: А В С Е Н І Ј К М О Р Ԛ Ѕ Т У Ѵ Ԝ Х Ү
    '\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u051a\u0405\u0422\u0423\u0474\u051c\u0425\u04ae',
    // Armenian: օ ո ս ց հ զ Լ Տ Օ
    '\u0585\u0578\u057d\u0581\u0570\u0566\u053c\u054f\u0555',
    // Cherokee: Ꭰ Ꭱ Ꭲ Ꭺ Ꭻ Ꮃ Ꮇ Ꮋ Ꮓ Ꮐ Ꮪ Ꮲ Ꮯ Ꮶ Ꮮ
    '\u13a0\u13a1\u13a2\u13aa\u13ab\u13b3\u13b7\u13bb\u13c3\u13c0\u13da\u13e2\u13df\u13e6\u13de',
    // Full-width and mathematical Latin: some languages fold them into plain letters, others do not.
    '\uff21-\uff3a\uff41-\uff5a\u{1d400}-\u{1d6a3}',
  ].join('')}]`,
  'u',
);

/** Greek: α and Δ beside Latin are science. These are not told apart from Latin letters. */
const GREEK_LOOKALIKE =
  /[\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03f3]/u;

const WORD = /[\p{L}\p{M}\p{N}_$]+/gu;
const LATIN = /[A-Za-z]/;

export function mixedWords(text: string): string[] {
  const words = text.match(WORD) ?? [];
  return words.filter((word) => LATIN.test(word) && (LOOKALIKE.test(word) || mixesGreek(word)));
}

/** `ν_max` has one script on each side of the line. */
function mixesGreek(word: string): boolean {
  if (!GREEK_LOOKALIKE.test(word)) return false;
  return word.split(/[_$\d]+/).some((part) => LATIN.test(part) && GREEK_LOOKALIKE.test(part));
}
