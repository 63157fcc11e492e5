/** How people decide: approve, reject, send back, veto, revoke, delegate, break the glass. */
import type { Command } from 'commander';
import type { Context, Exit, Perform } from '../commands/context.ts';
import type { Decision } from '../commands/desk.ts';
import { Fault } from '../domain/faults.ts';

export function decisionCommands(program: Command, perform: Perform): void {
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
        (await import('../commands/approve.ts')).approve(context, {
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
          (await import('../commands/refuse.ts')).refuse(context, {
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
          (await import('../commands/revoke.ts')).revoke(context, {
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
        (await import('../commands/delegate.ts')).delegate(context, {
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
  const { liftVeto, veto } = await import('../commands/veto.ts');
  const gates = gate ?? [];
  if (lift) return liftVeto(context, { ...decision, gates, reason: reason ?? null });
  if (reason === undefined) throw new Fault('usage', 'a veto says why, with --reason');
  return veto(context, { ...decision, gates, reason });
}

export function emergencyCommands(program: Command, perform: Perform): void {
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
        (await import('../commands/break-glass.ts')).breakGlass(context, {
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
        (await import('../commands/break-glass.ts')).reviewGlass(context, {
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
