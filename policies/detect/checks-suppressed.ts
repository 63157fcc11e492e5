/**
 * Comments and attributes that tell a tool to look away. Reviewers pass over them, and they are the
 * shortest way to make a check green without making the code right.
 *
 * Read in the raw text, since most of them are comments. A line that has one and was edited counts
 * as new: the words now cover other code.
 */
import { z } from 'zod';
import type { Detector, Firing } from './detector.ts';
import { type Mark, newMarks } from './marks.ts';
import { scanAdded, type Texts } from './readable.ts';

const EXTENSIONS = [
  ...['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs', 'vue', 'svelte', 'astro', 'html'],
  ...['css', 'scss', 'less', 'graphql', 'proto', 'sol'],
  ...['py', 'pyi', 'ipynb', 'rb', 'rake', 'erb', 'php', 'pl', 'pm', 'lua', 'ex', 'exs', 'r'],
  ...['go', 'rs', 'c', 'cc', 'cpp', 'cxx', 'h', 'hh', 'hpp', 'm', 'mm', 'swift', 'zig'],
  ...['java', 'kt', 'kts', 'scala', 'groovy', 'gradle', 'cs', 'fs', 'vb', 'dart', 'clj'],
  ...['sh', 'bash', 'zsh', 'ps1', 'sql', 'tf', 'hcl', 'bicep', 'yml', 'yaml', 'toml', 'json5'],
];

const PATHS = [
  ...EXTENSIONS.map((extension) => `*.${extension}`),
  ...['Dockerfile*', '*.dockerfile', 'Containerfile*', 'Jenkinsfile', 'Rakefile', 'Gemfile'],
];

const MARKS: readonly Mark[] = [
  { kind: 'eslint', pattern: /eslint-disable(?:-next-line|-line)?\b/gi },
  { kind: 'eslint', pattern: /\/\*\s*eslint\s+["'@\w/-]+\s*:/g },
  { kind: 'lint', pattern: /\b(?:oxlint|stylelint|solhint|markdownlint)-disable\b/gi },
  {
    kind: 'lint',
    pattern: /\b(?:tslint|swiftlint|rubocop|ktlint|scalastyle):\s*(?:disable|off)\b/gi,
  },
  { kind: 'lint', pattern: /\b(?:deno-lint|phpcs|hadolint|buf:lint|kics-scan)[-: ]\s*ignore\b/gi },
  { kind: 'lint', pattern: /\bshellcheck\s+disable\b|\blint:(?:file-)?ignore\b/gi },
  { kind: 'biome', pattern: /\b(?:biome|rome)-ignore\b/gi },
  { kind: 'typescript', pattern: /@ts-(?:ignore|nocheck|expect-error)\b/gi },
  { kind: 'python-types', pattern: /#\s*(?:type|pyright|mypy|pyre|ty)\s*:\s*ignore\b/gi },
  { kind: 'python-types', pattern: /#\s*(?:mypy\s*:\s*ignore-errors|pyre-(?:fixme|ignore))\b/gi },
  { kind: 'noqa', pattern: /#\s*(?:(?:flake8|ruff)\s*:\s*)?noqa\b/gi },
  { kind: 'pylint', pattern: /\bpylint\s*:\s*(?:disable|skip-file)/gi },
  { kind: 'nosec', pattern: /(?:#|\/\/|\/\*)\s*#?nosec\b/gi },
  { kind: 'nolint', pattern: /\bnolint(?:nextline|begin)?\b/gi },
  { kind: 'sonar', pattern: /\bNOSONAR\b/gi },
  { kind: 'annotation', pattern: /@(?:file:)?Suppress(?:Warnings|FBWarnings|Lint)?\b/g },
  { kind: 'annotation', pattern: /@(?:phpstan-ignore|psalm-suppress)|\[SuppressMessage\b/g },
  { kind: 'attribute', pattern: /#!?\[\s*(?:allow|expect)\s*\(/g },
  {
    kind: 'pragma',
    pattern: /#\s*pragma\s+(?:warning\s*\(?\s*disable|\w+\s+diagnostic\s+ignored)/g,
  },
  { kind: 'coverage', pattern: /\b(?:istanbul|c8|v8|node:coverage)\s+(?:ignore|disable)\b/gi },
  { kind: 'coverage', pattern: /\bpragma\s*:\s*no\s*cover\b|\bcoverage\s*:\s*ignore\b/gi },
  { kind: 'scanner', pattern: /\bnosemgrep\b|\b(?:trivy|tfsec)\s*:\s*ignore\b/gi },
  { kind: 'scanner', pattern: /\bcheckov\s*:\s*skip\b|\bgitleaks\s*:\s*allow\b|\blgtm\s*\[/gi },
];

export const checksSuppressed: Detector<Record<string, never>> = {
  summary: 'a comment or attribute was added that switches a check off',
  paths: PATHS,
  options: z.strictObject({}),
  detect: (subject) => scanAdded(subject, suppressions),
};

function suppressions(path: string, { before, after }: Texts): Firing[] {
  const sides = [before, after].map((text) => ({ searched: text, shown: text }));
  const [old, now] = sides;
  if (!old || !now) return [];
  return newMarks(old, now, MARKS).map(({ kind, line, key }) => ({
    path,
    line,
    key,
    message: `${path} switches a check off (${kind}): what it would have found is not looked at`,
  }));
}
