/** How the commands around a policy are called. What they do is in `commands/policy*.ts`. */
import { type Command, Option } from 'commander';
import type { Perform } from '../commands/context.ts';
import type { LintFormat } from '../commands/policy-lint.ts';
import type { SchemaKind } from '../commands/policy-schema.ts';
import type { Operation } from '../domain/change.ts';
import { policyChangeCommands } from './policy-change.ts';

// Written out, and held complete by their types: reading them from the schemas would build every
// schema at the start of every command, which took longer than starting Node.
const OPERATIONS: Record<Operation, true> = {
  add: true,
  modify: true,
  delete: true,
  mode: true,
  type: true,
};
const SCHEMA_KINDS: Record<SchemaKind, true> = {
  policy: true,
  facts: true,
  decision: true,
  test: true,
  pack: true,
  workspace: true,
};
const namesOf = Object.keys;

const LINT_FORMATS: readonly LintFormat[] = ['text', 'json', 'github', 'sarif'];
const DEFAULT_FILE = 'default: .proofhouse/policy.yaml';

export function policyCommands(program: Command, perform: Perform): void {
  const policy = program.command('policy').description('what a policy says');
  lintCommand(policy, perform);
  explainCommand(policy, perform);
  decideCommand(policy, perform);
  matchCommand(policy, perform);
  fileCommands(policy, perform);
  policyChangeCommands(policy, perform);
}

type LintFlags = {
  format: LintFormat;
  requester?: string;
  allowEmpty?: boolean;
  strict?: boolean;
};

function lintCommand(policy: Command, perform: Perform): void {
  policy
    .command('lint')
    .description('every error and warning of policy files, and of the rule files for agents')
    .argument('[file...]', DEFAULT_FILE)
    .option('--requester <person>', 'who asks for tasks, to tell what they could not get past')
    .option('--allow-empty', 'a pattern may match no file')
    .option('--strict', 'warnings fail too')
    .addOption(
      new Option('--format <format>', 'how it is written').choices(LINT_FORMATS).default('text'),
    )
    .addHelpText('after', '\nEnds with 0, or with 2 when there is an error.')
    .action((files: string[], flags: LintFlags) =>
      perform(async (context) =>
        (await import('../commands/policy-lint.ts')).policyLint(context, {
          files,
          format: flags.format,
          requester: flags.requester ?? null,
          allowEmpty: flags.allowEmpty ?? false,
          strict: flags.strict ?? false,
        }),
      ),
    );
}

type ExplainFlags = {
  op: Operation;
  asRequester?: string;
  branch?: string;
  policy?: string[];
  change?: string;
  repo?: string;
};

function explainCommand(policy: Command, perform: Perform): void {
  policy
    .command('explain')
    .description('what a change to these paths would ask for, or what one between two commits does')
    .argument('[path...]', 'files, from the root of the repository')
    .option('--policy <file...>', `${DEFAULT_FILE}, of the base with --change`)
    .option('--as-requester <person>', 'leave out whoever asked for the change, as in ana')
    .option('--branch <name>', 'the branch it is meant for (default: main, or the base)')
    .addOption(
      new Option('--op <operation>', 'what is done to the paths')
        .choices(namesOf(OPERATIONS))
        .default('modify'),
    )
    .option('--change <base..head>', 'a change of a local repository, judged whole')
    .option('--repo <folder>', 'the repository of --change (default: the one around)')
    .addHelpText(
      'after',
      '\nEnds with 0 for paths. With --change: 0 allowed, 1 denied, 3 waits for people.',
    )
    .action((paths: string[], flags: ExplainFlags) =>
      perform(async (context) =>
        (await import('../commands/policy-explain.ts')).explainAsked(context, {
          paths,
          operation: flags.op,
          requester: flags.asRequester ?? null,
          branch: flags.branch ?? null,
          policies: flags.policy ?? [],
          range: flags.change ?? null,
          repository: flags.repo ?? null,
        }),
      ),
    );
}

function decideCommand(policy: Command, perform: Perform): void {
  policy
    .command('decide')
    .description('the decision over the facts of a change, read from a file')
    .requiredOption('--facts <file>', 'JSON, see: policy schema --kind facts; - reads stdin')
    .option('--policy <file...>', DEFAULT_FILE)
    .option('--now <time>', 'decide as at this moment, as in 2026-01-31T12:00:00Z')
    .addHelpText('after', '\nEnds with 0 allowed, 1 denied, 3 waits for people, 2 bad input.')
    .action((flags: { facts: string; policy?: string[]; now?: string }) =>
      perform(async (context) =>
        (await import('../commands/policy-decide.ts')).policyDecide(context, {
          facts: flags.facts,
          policies: flags.policy ?? [],
          now: flags.now ?? null,
          input: process.stdin,
        }),
      ),
    );
}

function matchCommand(policy: Command, perform: Perform): void {
  policy
    .command('match')
    .description('which paths a pattern covers; ends with 0 whether or not any matches')
    .argument('<pattern>', 'as in the paths of a gate, and quoted: "src/auth/"')
    .argument('<path...>', 'from the root of the repository; - reads them from stdin')
    .option('--codeowners', 'as CODEOWNERS does: "dir/" is not dir itself')
    .action((pattern: string, paths: string[], { codeowners }: { codeowners?: boolean }) => {
      const isCodeowners = codeowners ?? false;
      return perform(async (context) =>
        (await import('../commands/policy-match.ts')).policyMatch(context, {
          pattern,
          paths,
          isCodeowners,
          input: process.stdin,
        }),
      );
    });
}

function fileCommands(policy: Command, perform: Perform): void {
  policy
    .command('schema')
    .description('the JSON schema of a file, for editors and other programs')
    .addOption(
      new Option('--kind <kind>', 'which file').choices(namesOf(SCHEMA_KINDS)).default('policy'),
    )
    .action(({ kind }: { kind: SchemaKind }) =>
      perform(async (context) =>
        (await import('../commands/policy-schema.ts')).policySchema(context, kind),
      ),
    );
  policy
    .command('fmt')
    .description('rewrite policy files in one form; keeps comments and meaning')
    .argument('[file...]', DEFAULT_FILE)
    .option('--check', 'write nothing; end with 1 when a file is in another form')
    .action((files: string[], { check }: { check?: boolean }) =>
      perform(async (context) =>
        (await import('../commands/policy-format.ts')).policyFormat(context, files, check ?? false),
      ),
    );
  policy
    .command('explain-code')
    .description('what the code of a problem means and what to do')
    .argument('<code>', 'as in P0103')
    .action((code: string) =>
      perform(async (context) =>
        (await import('../commands/policy-code.ts')).policyExplainCode(context, code),
      ),
    );
}
