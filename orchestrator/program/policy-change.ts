/** How the commands are called that change a policy safely. What they do is in `commands/policy-*.ts`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Perform } from '../commands/context.ts';
import { TEST_FORMATS, type TestFormat } from '../domain/case-report.ts';

const DEFAULT_FILE = 'default: .proofhouse/policy.yaml';
const LOOSER = 'end with 0 although something is looser';

export function policyChangeCommands(policy: Command, perform: Perform): void {
  testCommand(policy, perform);
  simulateCommand(policy, perform);
  diffCommand(policy, perform);
  importCommand(policy, perform);
}

type TestFlags = { policy?: string[]; coverage?: boolean; packs?: boolean; format: TestFormat };

function testCommand(policy: Command, perform: Perform): void {
  policy
    .command('test')
    .description('whether a policy says of written cases what they expect')
    .argument('[file]', 'default: .proofhouse/policy.test.yaml')
    .option('--policy <file...>', DEFAULT_FILE)
    .option('--coverage', 'also what no case fires; end with 1 below 100 %')
    .option('--packs', 'count the gates of packs in the coverage too')
    .addOption(
      new Option('--format <format>', 'of the result').choices(TEST_FORMATS).default('text'),
    )
    .addHelpText('after', '\nEnds with 0 passed, 1 failed or not covered, 2 bad input.')
    .action((file: string | undefined, flags: TestFlags) =>
      perform(async (context) =>
        (await import('../commands/policy-test.ts')).policyTest(context, {
          file: file ?? null,
          policies: flags.policy ?? [],
          coverage: flags.coverage ?? false,
          packs: flags.packs ?? false,
          format: flags.format,
        }),
      ),
    );
}

type SimulateFlags = {
  last: number;
  since?: string;
  against?: string;
  againstRev?: string;
  policy?: string;
  repo: string;
  branch: string;
  allowLooser?: boolean;
};

function simulateCommand(policy: Command, perform: Perform): void {
  policy
    .command('simulate')
    .description('what a new policy would have said of the changes that have landed')
    .option('--last <changes>', 'how many, newest first', count, 200)
    .option('--since <time>', 'none older than this, as in 90d')
    .option('--against <file>', "the old policy (default: HEAD's own)")
    .option('--against-rev <revision>', 'the old policy is the one of this commit')
    .option('--policy <file>', `the new policy (${DEFAULT_FILE})`)
    .option('--repo <folder>', 'the repository', '.')
    .option('--branch <name>', 'the branch that the changes are taken to be for', 'main')
    .option('--allow-looser', LOOSER)
    .addHelpText(
      'after',
      '\nEnds with 0, with 1 when the new policy is looser, with 2 on bad input.',
    )
    .action((flags: SimulateFlags) =>
      perform(async (context) =>
        (await import('../commands/policy-simulate.ts')).policySimulate(context, {
          last: flags.last,
          since: flags.since ?? null,
          against: flags.against ?? null,
          againstRevision: flags.againstRev ?? null,
          policy: flags.policy ?? null,
          repository: flags.repo,
          branch: flags.branch,
          allowLooser: flags.allowLooser ?? false,
        }),
      ),
    );
}

function diffCommand(policy: Command, perform: Perform): void {
  policy
    .command('diff')
    .description('what a new policy means differently, what is looser first')
    .argument('<old>', 'a file, or REVISION:PATH as in HEAD:.proofhouse/policy.yaml')
    .argument('<new>', 'the same')
    .option('--allow-looser', LOOSER)
    .addHelpText(
      'after',
      '\nEnds with 0, with 1 when something is or may be looser, with 2 on bad input.',
    )
    .action((before: string, after: string, { allowLooser }: { allowLooser?: boolean }) =>
      perform(async (context) =>
        (await import('../commands/policy-diff.ts')).policyDiffCommand(context, {
          before,
          after,
          allowLooser: allowLooser ?? false,
        }),
      ),
    );
}

type ImportFlags = { name?: string; login?: string[] };

function importCommand(policy: Command, perform: Perform): void {
  policy
    .command('import')
    .description('a first policy from rules that a repository has already')
    .command('codeowners')
    .description('a policy that asks the people of a CODEOWNERS file, on stdout')
    .argument('[file]', 'default: the first that a forge would read')
    .option('--name <name>', 'what the policy is called (default: the folder)')
    .option('--login <address=login...>', 'the login of an owner that is an address')
    .action((file: string | undefined, { name, login }: ImportFlags) =>
      perform(async (context) =>
        (await import('../commands/policy-import.ts')).policyImportOwners(context, {
          file: file ?? null,
          name: name ?? null,
          logins: login ?? [],
        }),
      ),
    );
}

const CHANGES_MAX = 10_000;

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= CHANGES_MAX) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${CHANGES_MAX}.`);
}
