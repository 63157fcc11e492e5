/**
 * Every command, its arguments and options. What they do is in `commands/`; this file only says how
 * they are called.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context, Exit, Perform } from './commands/context.ts';
import type { Decision } from './commands/desk.ts';
import { Fault } from './domain/faults.ts';
import { policyCommands } from './program-policy.ts';
import { rulesCommands } from './program-rules.ts';

export type Global = {
  readonly home?: string;
  readonly demo?: boolean;
  readonly json?: boolean;
  readonly orgPolicy?: string[];
};

/**
 * `judge` performs what asks about policies only. Commands are loaded once they are called, so that
 * whoever lints a file does not wait for what talks to engines, forges and models.
 */
export function buildProgram(perform: Perform, judge: Perform = perform): Command {
  const program = new Command('proofhouse')
    .description('A software factory for coding agents that proves what they did')
    .option(
      '--home <folder>',
      'data directory (default: PROOFHOUSE_HOME, or the place for such data here)',
    )
    .option('--demo', "use the demo's data directory")
    .option('--json', 'one JSON value a line, for machines')
    .option('--org-policy <file...>', "policies above the repository's own")
    .showHelpAfterError('(see --help)')
    .exitOverride();
  machineCommands(program, perform);
  controllerCommands(program, perform);
  taskCommands(program, perform);
  runCommands(program, perform);
  decisionCommands(program, perform);
  emergencyCommands(program, perform);
  policyCommands(program, judge);
  auditCommands(program, perform);
  rulesCommands(program, judge);
  return program;
}

function machineCommands(program: Command, perform: Perform): void {
  program
    .command('setup')
    .description('build the sandbox images that this machine lacks')
    .action(() => perform(async (context) => (await import('./commands/setup.ts')).setup(context)));
  program
    .command('demo')
    .description('run the factory on a small shop')
    .option('--approve', 'approve what waits, as a demo reviewer')
    .option('--kill', 'end the controller with SIGKILL in the middle and start it again')
    .action((options: { approve?: boolean; kill?: boolean }) =>
      perform(async (context) =>
        (await import('./commands/demo.ts')).demo(context, {
          approve: options.approve ?? false,
          kill: options.kill ?? false,
        }),
      ),
    );
  program
    .command('init')
    .description('write a starter policy and workspace file for a repository')
    .argument('[folder]', 'the repository', '.')
    .action((folder: string) =>
      perform(async (context) => (await import('./commands/init.ts')).initCommand(context, folder)),
    );
}

function controllerCommands(program: Command, perform: Perform): void {
  program
    .command('serve')
    .description('work on queued tasks until stopped')
    .option('--until-idle', 'end when nothing is left but what waits for people')
    .option('--concurrency <runs>', 'runs at once (default: what cores and memory allow)', positive)
    .option('--scripted <folder>', 'answer from scenario files where no model is configured')
    .addOption(
      new Option('--log <level>', 'least level that is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(
      (options: { untilIdle?: boolean; concurrency?: number; scripted?: string; log: string }) =>
        perform(async (context) =>
          (await import('./commands/serve.ts')).serve(context, {
            untilIdle: options.untilIdle ?? false,
            concurrency: options.concurrency ?? null,
            scripted: options.scripted ?? null,
            logLevel: options.log,
          }),
        ),
    );
  program
    .command('doctor')
    .description('what this machine has and lacks')
    .action(() =>
      perform(async (context) => (await import('./commands/doctor.ts')).doctor(context)),
    );
  program
    .command('down')
    .description('remove every sandbox and volume that the factory made')
    .option('--images', 'also the images')
    .option('--data', 'also the data directory, with journals and the local forge')
    .action((options: { images?: boolean; data?: boolean }) =>
      perform(async (context) =>
        (await import('./commands/down.ts')).down(context, {
          images: options.images ?? false,
          data: options.data ?? false,
        }),
      ),
    );
}

function taskCommands(program: Command, perform: Perform): void {
  const task = program.command('task').description('queue tasks and look after them');
  task
    .command('add')
    .description('queue a task')
    .argument('[text]', 'what you want')
    .requiredOption('--repo <folder>', 'the git repository')
    .option('--file <file>', 'read the text from a file')
    .option('--base <branch>', 'the branch it is meant for (default: the one checked out)')
    .option('--as <person>', 'who asks, as in local:rita')
    .action(
      (
        text: string | undefined,
        options: { repo: string; file?: string; base?: string; as?: string },
      ) =>
        perform(async (context) =>
          (await import('./commands/task.ts')).taskAdd(context, {
            text: text ?? null,
            file: options.file ?? null,
            repository: options.repo,
            base: options.base ?? null,
            as: options.as ?? null,
          }),
        ),
    );
  task
    .command('list')
    .description('every task and where it is')
    .action(() =>
      perform(async (context) => (await import('./commands/run.ts')).runsCommand(context)),
    );
  task
    .command('cancel')
    .description('end a run that is not wanted any more')
    .argument('<run>')
    .option('--as <person>', 'who cancels')
    .action((run: string, { as }: { as?: string }) =>
      perform(async (context) =>
        (await import('./commands/task.ts')).taskCancel(context, run, as ?? null),
      ),
    );
}

function runCommands(program: Command, perform: Perform): void {
  const run = program.command('run').description('look at runs');
  run
    .command('list')
    .description('every run and where it is')
    .action(() =>
      perform(async (context) => (await import('./commands/run.ts')).runsCommand(context)),
    );
  run
    .command('show')
    .description('one run: timeline, change, checks, gates, cost, and what it waits for')
    .argument('<run>')
    .option('--diff', 'also the change itself')
    .action((id: string, { diff }: { diff?: boolean }) =>
      perform(async (context) =>
        (await import('./commands/run.ts')).runShow(context, id, diff ?? false),
      ),
    );
  run
    .command('logs')
    .description('everything its agent and its gateway did')
    .argument('<run>')
    .action((id: string) =>
      perform(async (context) => (await import('./commands/run.ts')).runLogs(context, id)),
    );
  run
    .command('retry')
    .description('queue the task of a run that has ended again')
    .argument('<run>')
    .action((id: string) =>
      perform(async (context) => (await import('./commands/run.ts')).runRetry(context, id)),
    );
}

function decisionCommands(program: Command, perform: Perform): void {
  const decision = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument('<run>')
      .option('--tree <id>', 'the tree you looked at, at least 12 digits')
      .option('--as <person>', 'who decides, as in local:rita');
  type Options = { tree?: string; as?: string };
  const named = (run: string, { tree, as }: Options) => ({
    run,
    tree: tree ?? null,
    as: as ?? null,
  });

  decision('approve', 'agree to exactly one tree of a run that waits')
    .option('--on-behalf-of <person>', 'who handed you their vote')
    .action((run: string, options: Options & { onBehalfOf?: string }) =>
      perform(async (context) =>
        (await import('./commands/approve.ts')).approve(context, {
          ...named(run, options),
          onBehalfOf: options.onBehalfOf ?? null,
        }),
      ),
    );
  for (const { name, type, description } of [
    { name: 'reject', type: 'rejected', description: 'end a run that waits' },
    {
      name: 'send-back',
      type: 'sent_back',
      description: 'give the agent another attempt with what you say',
    },
  ] as const) {
    decision(name, description)
      .requiredOption('--reason <text>', 'why')
      .action((run: string, options: Options & { reason: string }) =>
        perform(async (context) =>
          (await import('./commands/refuse.ts')).refuse(context, {
            ...named(run, options),
            reason: options.reason,
            type,
          }),
        ),
      );
  }
  decision('veto', 'keep gates of a run shut until you, or who may, open them again')
    .option('--gate <gate...>', 'which gates (default: all on which you may decide)')
    .option('--reason <text>', 'why')
    .option('--lift', 'take the veto away')
    .action((run: string, options: Options & VetoOptions) =>
      perform((context) => vetoOrLift(context, named(run, options), options)),
    );
  voteCommands(program, perform);
}

/** What becomes of a vote after it was given, or before. */
function voteCommands(program: Command, perform: Perform): void {
  program
    .command('revoke')
    .description('take your approval of a run back')
    .argument('<run>')
    .option('--gate <gate...>', 'of which gates (default: all)')
    .option('--reason <text>', 'why')
    .option('--as <person>', 'whose approval it is')
    .action(
      (run: string, { as, gate, reason }: { as?: string; gate?: string[]; reason?: string }) =>
        perform(async (context) =>
          (await import('./commands/revoke.ts')).revoke(context, {
            run,
            as: as ?? null,
            gates: gate ?? [],
            reason: reason ?? null,
          }),
        ),
    );
  program
    .command('delegate')
    .description('hand your vote to another person for a while')
    .requiredOption('--to <person>', 'who votes for you')
    .requiredOption('--gate <gate...>', 'on which gates')
    .requiredOption('--for <time>', 'for how long, as in 3d')
    .option('--as <person>', 'whose vote it is')
    .action((options: { to: string; gate: string[]; for: string; as?: string }) =>
      perform(async (context) =>
        (await import('./commands/delegate.ts')).delegate(context, {
          ...options,
          gates: options.gate,
          as: options.as ?? null,
        }),
      ),
    );
}

type VetoOptions = { gate?: string[]; reason?: string; lift?: boolean };

async function vetoOrLift(
  context: Context,
  decision: Decision,
  { gate, reason, lift }: VetoOptions,
): Promise<Exit> {
  const { liftVeto, veto } = await import('./commands/veto.ts');
  const gates = gate ?? [];
  if (lift) return liftVeto(context, { ...decision, gates, reason: reason ?? null });
  if (reason === undefined) throw new Fault('usage', 'a veto says why, with --reason');
  return veto(context, { ...decision, gates, reason });
}

function emergencyCommands(program: Command, perform: Perform): void {
  // No option is required here: `review` is called through this command, and needs none of them.
  const glass = program
    .command('break-glass')
    .description('open gates of a run in an emergency; another person confirms')
    .argument('<run>')
    .option('--tree <id>', 'the tree you looked at, at least 12 digits')
    .option('--gate <gate...>', 'which gates')
    .option('--reason <text>', 'why it cannot wait')
    .option('--incident <url>', "the incident's address")
    .option('--as <person>', 'who opens, as in local:rita')
    .action((run: string, { tree, gate, reason, incident, as }: GlassOptions) =>
      perform(async (context) =>
        (await import('./commands/break-glass.ts')).breakGlass(context, {
          ...{ run, tree: tree ?? null, as: as ?? null, gates: gate ?? [] },
          ...{ reason: reason ?? '', incident: incident ?? '' },
        }),
      ),
    );
  glass
    .command('review')
    .description('say what you found of an emergency afterwards')
    .argument('<run>')
    .requiredOption('--note <text>', 'what you found')
    .action((run: string, _: unknown, command: Command) => {
      const { note, as } = command.optsWithGlobals<{ note: string; as?: string }>();
      return perform(async (context) =>
        (await import('./commands/break-glass.ts')).reviewGlass(context, {
          run,
          note,
          as: as ?? null,
        }),
      );
    });
}

type GlassOptions = {
  tree?: string;
  gate?: string[];
  reason?: string;
  incident?: string;
  as?: string;
};

function auditCommands(program: Command, perform: Perform): void {
  const audit = program.command('audit').description('the signed record of who did what');
  audit
    .command('verify')
    .description('whether the log is the one that was written')
    .argument('[file]', "the log (default: this data directory's own, which is also compared)")
    .option('--checkpoints <file>', 'its signed checkpoints (default: checkpoints.jsonl beside it)')
    .option('--keys <file...>', 'public keys to believe, as audit keys prints them (default: ours)')
    .action((file: string | undefined, options: { checkpoints?: string; keys?: string[] }) =>
      perform(async (context) =>
        (await import('./commands/audit.ts')).auditVerify(context, {
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
      perform(async (context) => (await import('./commands/audit.ts')).auditShow(context, options)),
    );
  audit
    .command('keys')
    .description('the public keys of this data directory, for whoever checks what it signed')
    .action(() =>
      perform(async (context) => (await import('./commands/audit.ts')).auditKeys(context)),
    );
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}
