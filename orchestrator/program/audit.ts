/** How the commands around the audit log are called. */
import { Argument, type Command } from 'commander';
import type { Perform } from '../commands/context.ts';
import { KeyRole } from '../domain/dsse.ts';
import { positive } from './numbers.ts';

export function auditCommands(program: Command, perform: Perform): void {
  const audit = program.command('audit').description('the signed record of who did what');
  audit
    .command('verify')
    .description('whether the log is the one that was written')
    .argument('[file]', "the log (default: this data directory's own, which is also compared)")
    .option('--checkpoints <file>', 'its signed checkpoints (default: checkpoints.jsonl beside it)')
    .option('--keys <file...>', 'public keys to believe, as audit keys prints them (default: ours)')
    .action((file: string | undefined, options: { checkpoints?: string; keys?: string[] }) =>
      perform(async (context) =>
        (await import('../commands/audit.ts')).auditVerify(context, {
          file: file ?? null,
          ...options,
        }),
      ),
    );
  audit
    .command('show')
    .description('its records, one a line')
    .option('--run <run>', 'of one run only')
    .option('--last <records>', 'the newest so many only', positive)
    .action((options: { run?: string; last?: number }) =>
      perform(async (context) =>
        (await import('../commands/audit.ts')).auditShow(context, options),
      ),
    );
  audit
    .command('keys')
    .description('the public keys of this data directory, for whoever checks what it signed')
    .action(() =>
      perform(async (context) => (await import('../commands/audit.ts')).auditKeys(context)),
    );
  audit
    .command('rotate-key')
    .description('sign with a new key from now on; what the old one signed stays good')
    .addArgument(new Argument('<role>', 'whose key').choices(KeyRole.options))
    .action((role: KeyRole) =>
      perform(async (context) => (await import('../commands/audit.ts')).auditRotate(context, role)),
    );
}
