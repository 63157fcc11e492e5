/**
 * A text of a harness without what differs from run to run: where, when, on what machine, in which
 * session, after which commits. Pure. What is taken out here an agent can say without being another
 * harness, so each expression takes as little as it can. A change of it is a new HARNESS_VERSION.
 */

export type KnownRules = readonly { readonly path: string; readonly text: string }[];

const REPLACED: readonly (readonly [RegExp, string])[] = [
  // Claude Code's first block; its end is a hash of the prompt (measured with 2.1.330).
  [/^x-anthropic-billing-header:[^\n]{0,400}$/gm, 'x-anthropic-billing-header: «billing»'],
  // Branch, changes and commits, to the next blank line but one heading.
  [/^gitStatus:[\s\S]{0,20000}?(?=\n\n(?![A-Z][a-z]+ ?[a-z]*:)|$(?![\s\S]))/gm, 'gitStatus: «git»'],
  [/^([ \t]*-?[ \t]*(?:Primary w|W)orking directory:)[^\n]{0,400}$/gm, '$1 «folder»'],
  [/<cwd>[^<]{0,400}<\/cwd>/g, '<cwd>«folder»</cwd>'],
  [
    /^([ \t]*-?[ \t]*(?:OS Version|Platform|Operating System|Shell|Kernel):)[^\n]{0,200}$/gim,
    '$1 «machine»',
  ],
  [/^([ \t]*-?[ \t]*Today'?s? (?:date|is)[^:\n]{0,20}:)[^\n]{0,80}$/gim, '$1 «date»'],
  [/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?/g, '«time»'],
  [/\b20\d{2}-\d{2}-\d{2}\b/g, '«date»'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? [A-Z][a-z]{2,8} \d{1,2},? \d{4}\b/g, '«date»'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '«id»'],
  [/\/workspace(?=[/\s"'`<).,:]|$)/g, '«workspace»'],
];

export function normalised(text: string, rules: KnownRules): string {
  const without = rules.reduce((rest, rule) => {
    const told = rule.text.trim();
    return told === '' ? rest : rest.replaceAll(told, () => `«rules ${rule.path}»`);
  }, text);
  return REPLACED.reduce((rest, [shape, instead]) => rest.replace(shape, instead), without);
}
