/** The words of a script in package.json, where it can be said without a shell. Pure. */

/** The commands that `&&` joins, in order. */
export function commandsOf(script: string): string[] {
  return script
    .split('&&')
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

/** Null when a shell would do more with the text than part it into words. */
export function wordsOf(command: string): string[] | null {
  const words: string[] = [];
  let rest = command.trim();
  while (rest !== '') {
    // A word is a run of plain text and quoted pieces, as in --grep="a b".
    const found = /^(?:[^\s'"\\|&;<>()$`]|'[^']*'|"[^"\\$`]*")+/.exec(rest)?.[0];
    if (found === undefined) return null;
    words.push(found.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
    rest = rest.slice(found.length);
    if (rest !== '' && !/^\s/.test(rest)) return null;
    rest = rest.trimStart();
  }
  return words;
}
