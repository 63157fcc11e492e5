/** How the commands around the scripted model are called. */
import type { Command } from 'commander';
import type { Perform } from '../commands/context.ts';
import { positive } from './numbers.ts';

export function modelCommands(program: Command, perform: Perform): void {
  const model = program
    .command('model')
    .description('the scripted model, which answers from files and needs no key');
  model
    .command('record')
    .description('make a scenario of what the model answered in a run')
    .argument('<run>')
    .option('--attempt <number>', 'of which attempt (default: the last that asked)', positive)
    .option('--out <file>', 'where to write it (default: stdout)')
    .action((run: string, options: { attempt?: number; out?: string }) =>
      perform(async (context) =>
        (await import('../commands/model.ts')).modelRecord(context, {
          run,
          attempt: options.attempt ?? null,
          out: options.out ?? null,
        }),
      ),
    );
  model
    .command('serve')
    .description('answer from a scenario, or a folder of them, on this machine until stopped')
    .argument('<scenario>', 'a file, or a folder of *.yaml')
    .option('--port <port>', 'the port (default: a free one)', positive)
    .action((scenario: string, options: { port?: number }) =>
      perform(async (context) =>
        (await import('../commands/model.ts')).modelServe(context, {
          scenario,
          port: options.port ?? 0,
        }),
      ),
    );
}
