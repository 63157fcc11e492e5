/**
 * `policy lint`: everything wrong with policies and with the rule files beside them, before a run meets
 * it. Works without an engine.
 */
import { execFile } from 'node:child_process';
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type RuleText, ruleFileFindings } from '../../policies/lint/rule-files.ts';
import { lint } from '../../policies/lint.ts';
import { inOrder, type Problem, renderProblem } from '../../policies/problems.ts';
import { isRuleFile } from '../../policies/rules-chain.ts';
import { Fault } from '../domain/faults.ts';
import { Person } from '../domain/ids.ts';
import { POLICY_FILE } from '../stages/base-rules.ts';
import { counted, printable } from '../text/columns.ts';
import { annotationsText, sarifOf } from '../text/policy-lint.ts';
import { type Context, type Exit, show } from './context.ts';
import { parseFiles } from './policy.ts';

const run = promisify(execFile);

export type LintFormat = 'text' | 'json' | 'github' | 'sarif';

export type LintOptions = {
  readonly files: readonly string[];
  readonly format: LintFormat;
  /** Somebody who asks for tasks, as in `ana` or `github:ana`; null: whoever does. */
  readonly requester: string | null;
  /** A pattern may cover no file yet. */
  readonly allowEmpty: boolean;
  /** Warnings fail too. */
  readonly strict: boolean;
};

export async function policyLint(context: Context, options: LintOptions): Promise<Exit> {
  const problems = await problemsOf(context, options);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.filter(({ severity }) => severity === 'warning').length;
  say(context, options, { problems, errors, warnings });
  return errors > 0 || (options.strict && warnings > 0) ? 2 : 0;
}

type Result = { readonly problems: Problem[]; readonly errors: number; readonly warnings: number };

function say(context: Context, options: LintOptions, result: Result): void {
  const { problems, errors, warnings } = result;
  if (options.format === 'github') {
    if (problems.length > 0) context.out(annotationsText(problems));
  } else if (options.format === 'sarif') context.out(JSON.stringify(sarifOf(problems)));
  else {
    const isJson = context.json || options.format === 'json';
    const sum = `${namedIn(options).join(', ')}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
    show(
      { ...context, json: isJson },
      () => [...problems.map(renderProblem), sum].join('\n\n'),
      () => ({ errors, problems }),
    );
  }
}

function namedIn({ files }: LintOptions): readonly string[] {
  return files.length > 0 ? files : [POLICY_FILE];
}

/** Of one file after the other, each from top to bottom. */
async function problemsOf(context: Context, options: LintOptions): Promise<Problem[]> {
  const named = namedIn(options);
  const { root, known } = await around(path.dirname(path.resolve(context.cwd, named[0] ?? '.')));
  const files = [...context.orgPolicies, ...named];
  const parsed = await parseFiles(context.cwd, files);
  const layers = parsed.flatMap((one) => ('policy' in one ? [one.policy] : []));
  const now = context.clock().toISOString();
  const requester = options.requester === null ? null : personOf(options.requester);
  const ofPolicies = [
    ...parsed.flatMap((one) => ('problems' in one ? one.problems : [])),
    ...lint(layers, { known, now, requester }),
  ];
  const texts = root === null ? [] : await ruleTexts(root, known.filter(isRuleFile));
  const all = [...byFile(ofPolicies), ...byFile(ruleFileFindings(texts))];
  return options.allowEmpty ? all.filter(({ code }) => code !== 'P0201') : all;
}

function byFile(problems: readonly Problem[]): Problem[] {
  return [...Map.groupBy(problems, ({ file }) => file).values()].flatMap(inOrder);
}

/** A bare login is one of this machine. */
function personOf(named: string): Person {
  const person = Person.safeParse(named.includes(':') ? named : `local:${named}`);
  if (person.success) return person.data;
  const written = 'a person is written provider:login, as in github:ana';
  throw new Fault('usage', `--requester "${printable(named)}": ${written}`);
}

/** The repository around, to tell patterns that match nothing and to find its rule files. */
async function around(folder: string): Promise<{ root: string | null; known: string[] }> {
  const git = async (...args: string[]): Promise<string | null> =>
    run('git', args, { cwd: folder, maxBuffer: 64 * 2 ** 20 }).then(
      ({ stdout }) => stdout,
      () => null,
    );
  const root = await git('rev-parse', '--show-toplevel');
  const known = await git('ls-files', '-z', '--full-name', ':/');
  return {
    root: root?.replace(/\n$/, '') ?? null,
    known: (known ?? '').split('\0').filter(Boolean),
  };
}

const RULE_FILES_MAX = 1_000;
/** Far more than an agent reads. */
const RULE_FILE_MAX_BYTES = 1024 * 1024;

/** What is no plain file, or too large for any agent, is passed over. */
async function ruleTexts(root: string, paths: readonly string[]): Promise<RuleText[]> {
  const texts = await Promise.all(
    paths.slice(0, RULE_FILES_MAX).map(async (file): Promise<RuleText | null> => {
      const place = path.join(root, file);
      const found = await lstat(place).catch(() => null);
      if (!found?.isFile() || found.size > RULE_FILE_MAX_BYTES) return null;
      return { path: file, text: await readFile(place, 'utf8') };
    }),
  );
  return texts.filter((one) => one !== null);
}
