/** Patterns that cover nothing, or something else than their author thinks. */
import { requiredLiteral } from '../detect/required-literal.ts';
import { foreignSyntax } from '../foreign-glob.ts';
import { coveredBy } from '../gates.ts';
import { compileGlob } from '../glob.ts';
import type { LoadedPolicy } from '../parse.ts';
import { fold } from '../paths.ts';
import type { YamlPath } from '../yaml-source.ts';
import type { Found, Linting } from './report.ts';

type Placed = { readonly pattern: string; readonly path: YamlPath };

export function patternFindings({ loaded, known }: Linting): Found[] {
  return [
    ...everyPattern(loaded).flatMap((placed) => [
      ...inSegment(placed),
      ...(known.length > 0 ? unmatched(placed, known) : []),
    ]),
    ...gatePatterns(loaded).flatMap((placed) => (known.length > 0 ? anyDepth(placed, known) : [])),
    ...emptied(loaded, known),
    ...slowExpressions(loaded),
  ];
}

function everyPattern({ policy }: LoadedPolicy): Placed[] {
  const { gates, content, validators, agents, models, exemptions } = policy;
  return [
    ...gatePatterns({ policy }),
    ...gates.flatMap(({ except, require_with: companions }, index) => [
      ...placed(except, ['gates', index, 'except']),
      ...placed(companions, ['gates', index, 'require_with']),
    ]),
    ...content.flatMap(({ except }, index) => placed(except, ['content', index, 'except'])),
    ...Object.entries(validators).flatMap(([id, { requiredFor }]) =>
      placed(requiredFor, ['validators', id, 'required_for']),
    ),
    ...Object.entries(agents).flatMap(([role, { write, readonly, hidden }]) => [
      ...placed(write ?? [], ['agents', role, 'write']),
      ...placed(readonly, ['agents', role, 'readonly']),
      ...placed(hidden, ['agents', role, 'hidden']),
    ]),
    ...(models?.data ?? []).flatMap(({ paths }, index) =>
      placed(paths, ['models', 'data', index, 'paths']),
    ),
    ...exemptions.flatMap(({ paths }, index) => placed(paths, ['exemptions', index, 'paths'])),
  ];
}

function gatePatterns({ policy }: Pick<LoadedPolicy, 'policy'>): Placed[] {
  return [
    ...policy.gates.flatMap(({ paths }, index) => placed(paths, ['gates', index, 'paths'])),
    ...policy.content.flatMap(({ paths }, index) =>
      placed(paths ?? [], ['content', index, 'paths']),
    ),
  ];
}

function placed(patterns: readonly string[], at: YamlPath): Placed[] {
  return patterns.map((pattern, index) => ({ pattern, path: [...at, index] }));
}

function unmatched({ pattern, path }: Placed, known: readonly string[]): Found[] {
  const matches = compileGlob(pattern, { self: true });
  if (known.some((file) => matches(file))) return [];
  // Brackets are literal here, as folders named `[id]` and `(auth)` exist: only a pattern that
  // covers nothing is suspected of another dialect.
  const foreign = foreignSyntax(pattern);
  if (foreign !== null) {
    const hint = `write ${foreign.instead.map((one) => `"${one}"`).join(', ')}`;
    const message = `\`${pattern}\` matches no known file: ${foreign.why}`;
    return [{ code: 'P0202', severity: 'warning', path, message, hint }];
  }
  const twin = known.find((file) => compileGlob(fold(pattern), { self: true })(fold(file)));
  if (twin !== undefined) {
    const message = `\`${pattern}\` matches no known file`;
    const hint = `\`${twin}\` differs in letter case only`;
    return [{ code: 'P0205', severity: 'warning', path, message, hint }];
  }
  const message = `\`${pattern}\` matches no known file`;
  return [{ code: 'P0201', severity: 'warning', path, message }];
}

/** Said only where it makes a difference: files of that name lie at more than one depth. */
function anyDepth({ pattern, path }: Placed, known: readonly string[]): Found[] {
  if (/[/*?]/.test(pattern.replace(/\/$/, ''))) return [];
  const atRoot = compileGlob(`/${pattern}`, { self: true });
  const anywhere = compileGlob(pattern, { self: true });
  const deeper = known.find((file) => anywhere(file) && !atRoot(file));
  if (deeper === undefined || !known.some((file) => atRoot(file))) return [];
  const message = `\`${pattern}\` matches at any depth, \`${deeper}\` too`;
  const hint = `\`/${pattern}\` is the one at the root`;
  return [{ code: 'P0204', severity: 'info', path, message, hint }];
}

/** At the end of a pattern it does no harm: what a name covers it covers with everything below. */
function inSegment({ pattern, path }: Placed): Found[] {
  const parts = pattern.split('/');
  const at = parts.findIndex((part) => part.includes('**') && part !== '**');
  const segment = parts[at] ?? '';
  const isTail = at === parts.length - 1 && segment.endsWith('**');
  if (at < 0 || isTail || segment.includes('\\')) return [];
  const [before = '', ...after] = segment.split('**');
  const rest = after.join('*');
  const apart = [...(before ? [`${before}*`] : []), '**', ...(rest ? [`*${rest}`] : [])];
  const deep = parts.toSpliced(at, 1, ...apart).join('/');
  const message = `\`**\` within a name is one star, and \`${segment}\` stays in its folder`;
  const hint = `\`${deep}\` covers any depth`;
  return [{ code: 'P0209', severity: 'warning', path, message, hint }];
}

function emptied({ policy }: LoadedPolicy, known: readonly string[]): Found[] {
  return policy.gates.flatMap(({ id, paths, except }, index): Found[] => {
    const covered = known.filter(coveredBy(paths));
    const excepted = coveredBy(except);
    if (covered.length === 0 || !covered.every(excepted)) return [];
    const message = `gate ${id} excepts every file that it covers`;
    return [{ code: 'P0206', severity: 'warning', path: ['gates', index, 'except'], message }];
  });
}

function slowExpressions({ policy }: LoadedPolicy): Found[] {
  return policy.content.flatMap(({ text }, index) =>
    (['added_re2', 'removed_re2'] as const).flatMap((which) =>
      (text?.[which] ?? []).flatMap((pattern, at): Found[] => {
        if (requiredLiteral(pattern) !== null) return [];
        const path = ['content', index, 'text', which, at];
        const message =
          'no text must be there for this to match, so every changed line is searched';
        return [{ code: 'P0208', severity: 'warning', path, message }];
      }),
    ),
  );
}
