/**
 * Every command, its arguments and options. What they do is in `commands/`; this file only says how
 * they are called.
 */
import { Command, Option } from 'commander';
import type { Perform } from './commands/context.ts';
import { AGENT_NAMES, type AgentName } from './domain/agent-lock.ts';
import { auditCommands } from './program/audit.ts';
import { decisionCommands, emergencyCommands } from './program/decisions.ts';
import { bundleCommand, verifyCommand } from './program/evidence.ts';
import { harnessCommands } from './program/harness.ts';
import { modelCommands } from './program/model.ts';
import { bytes, KEEP_BYTES, positive } from './program/numbers.ts';
import { policyCommands } from './program/policy.ts';
import { rulesCommands } from './program/rules.ts';

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
    .option(
      '--org-policy <file>',
      "a policy above the repository's own; once for each",
      // Not `<file...>`: that would take the command that follows for another file.
      (file: string, before: readonly string[] = []) => [...before, file],
    )
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
  verifyCommand(program, perform);
  rulesCommands(program, judge);
  modelCommands(program, perform);
  return program;
}

const runtimeOption = (): Option =>
  new Option(
    '--runtime <name>',
    "what sandboxes run under: the host's kernel, or gVisor's own (default: as the engine is set)",
  ).choices(['runc', 'runsc']);

const GC_HELP = `
Layers and packages are made or fetched again. What a run that has ended left, its sealed change, is not:
\`run show --diff\` then shows none of it; what was published is in the forge. Images of earlier versions
go too, and volumes of an engine elsewhere that a week did not use. \`serve\` does the same by itself.`;

/** Shown with its default in bytes. */
const KEEP_HELP = 'size that the data directory is kept to, as in 20g';

function machineCommands(program: Command, perform: Perform): void {
  program
    .command('setup')
    .description('build the sandbox images that this machine lacks')
    .option('--service <name...>', 'build the images of these services as well, as in postgres')
    .option('--agent <name...>', 'install these agents as well, as in claude-code')
    .action(({ service = [], agent = [] }: { service?: string[]; agent?: string[] }) =>
      perform(async (context) =>
        (await import('./commands/setup.ts')).setup(context, { services: service, agents: agent }),
      ),
    );
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

function serveCommand(program: Command, perform: Perform): void {
  program
    .command('serve')
    .description('work on queued tasks until stopped')
    .option('--until-idle', 'end when nothing is left but what waits for people')
    .option('--concurrency <runs>', 'runs at once (default: what cores and memory allow)', positive)
    .option('--scripted <folder>', 'answer from scenario files where no model is configured')
    .option('--keep-bytes <size>', KEEP_HELP, bytes, KEEP_BYTES)
    .addOption(runtimeOption())
    .addOption(
      new Option('--log <level>', 'least level that is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(
      (options: {
        untilIdle?: boolean;
        concurrency?: number;
        scripted?: string;
        keepBytes: number;
        runtime?: 'runc' | 'runsc';
        log: string;
      }) =>
        perform(async (context) =>
          (await import('./commands/serve.ts')).serve(context, {
            untilIdle: options.untilIdle ?? false,
            concurrency: options.concurrency ?? null,
            scripted: options.scripted ?? null,
            keepBytes: options.keepBytes,
            runtime: options.runtime ?? null,
            logLevel: options.log,
          }),
        ),
    );
}

function controllerCommands(program: Command, perform: Perform): void {
  serveCommand(program, perform);
  program
    .command('gc')
    .description('remove what was not used for longest, sealed changes of ended runs among it')
    .option('--keep-bytes <size>', KEEP_HELP, bytes, KEEP_BYTES)
    .option('--dry-run', 'only say what would go')
    .addHelpText('after', GC_HELP)
    .action((options: { keepBytes: number; dryRun?: boolean }) =>
      perform(async (context) =>
        (await import('./commands/gc.ts')).gc(context, {
          keepBytes: options.keepBytes,
          isDryRun: options.dryRun ?? false,
        }),
      ),
    );
  program
    .command('doctor')
    .description('what this machine has and lacks')
    .option('--policy <files...>', 'hold it against what these policies require')
    .addOption(runtimeOption())
    .action((options: { policy?: string[]; runtime?: 'runc' | 'runsc' }) =>
      perform(async (context) =>
        (await import('./commands/doctor.ts')).doctor(context, {
          runtime: options.runtime ?? null,
          policies: options.policy ?? [],
        }),
      ),
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
    .addOption(
      new Option('--agent <name>', "who works on it (default: the repository's choice)").choices(
        AGENT_NAMES,
      ),
    )
    .action(
      (
        text: string | undefined,
        options: { repo: string; file?: string; base?: string; as?: string; agent?: AgentName },
      ) =>
        perform(async (context) =>
          (await import('./commands/task.ts')).taskAdd(context, {
            text: text ?? null,
            file: options.file ?? null,
            repository: options.repo,
            base: options.base ?? null,
            as: options.as ?? null,
            agent: options.agent,
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
  harnessCommands(run, perform);
  bundleCommand(run, perform);
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
