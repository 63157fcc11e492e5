/** How the commands around evidence are called. */
import type { Command } from 'commander';
import type { Perform } from '../commands/context.ts';

const VERIFY_HELP = `
Looks at every file, signature, statement, decision and count, makes the decision again, and reports all
that it finds. Exit code: 0 all holds, 1 something does not, 3 only people's agreement is missing, 4 not
everything could be looked at. It reaches no network and needs no data directory.`;

export function verifyCommand(program: Command, perform: Perform): void {
  program
    .command('verify')
    .description('whether a bundle of evidence proves what it says')
    .argument('<bundle>', 'the folder, as run bundle writes it')
    .option('--repo <folder>', 'a repository that has the change, to hold the bundle against')
    .option(
      '--commit <revision>',
      "a commit whose tree must be the bundle's (default: the run's branch)",
    )
    .option(
      '--trust <file...>',
      'public keys to believe, as audit keys prints them (default: ours)',
    )
    .option('--offline', 'reach no network; it never does')
    .addHelpText('after', VERIFY_HELP)
    .action((bundle: string, options: { repo?: string; commit?: string; trust?: string[] }) =>
      perform(async (context) =>
        (await import('../commands/verify.ts')).verify(context, {
          bundle,
          repository: options.repo ?? null,
          commit: options.commit ?? null,
          trust: options.trust ?? null,
        }),
      ),
    );
}

export function bundleCommand(run: Command, perform: Perform): void {
  run
    .command('bundle')
    .description('write the evidence of a published change to a folder')
    .argument('<run>')
    .option('--out <folder>', 'a new or empty folder (default: evidence-RUN)')
    .action((id: string, { out }: { out?: string }) =>
      perform(async (context) =>
        (await import('../commands/bundle.ts')).runBundle(context, id, out ?? null),
      ),
    );
}
