/** How the commands around the harness of a run are called. */
import type { Command } from 'commander';
import type { Perform } from '../commands/context.ts';

export function harnessCommands(run: Command, perform: Perform): void {
  const harness = run
    .command('harness')
    .description('with what its agent really ran: instructions, tools, rules, parameters, model')
    .argument('<run>')
    .action((id: string) =>
      perform(async (context) => (await import('../commands/harness.ts')).runHarness(context, id)),
    );
  harness
    .command('diff')
    .description('how two harnesses differ; RUN:2 is the second of a run')
    .argument('<a>')
    .argument('<b>')
    .action((a: string, b: string) =>
      perform(async (context) =>
        (await import('../commands/harness.ts')).runHarnessDiff(context, a, b),
      ),
    );
}
