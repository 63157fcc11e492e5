/** How the commands around rules for agents are called. What they do is in `commands/rules.ts`. */
import { type Command, Option } from 'commander';
import type { Perform } from '../commands/context.ts';
import type { RuleAgent } from '../commands/rules.ts';

const AGENTS: readonly RuleAgent[] = ['codex', 'claude-code', 'gemini-cli', 'cursor', 'agents.md'];

export function rulesCommands(program: Command, perform: Perform): void {
  const rules = program.command('rules').description('what agents are told');
  rules
    .command('explain')
    .description('which rule files an agent gets for these paths, and what a run gives it')
    .argument('<path...>', 'files, from the root of the repository')
    .addOption(new Option('--agent <name>', 'one agent (default: all)').choices(AGENTS))
    .option('--rev <commit>', 'the commit that is read', 'HEAD')
    .option('--repo <folder>', 'the repository', '.')
    .action((paths: string[], flags: { agent?: RuleAgent; rev: string; repo: string }) =>
      perform(async (context) =>
        (await import('../commands/rules.ts')).rulesExplain(context, {
          paths,
          agent: flags.agent ?? null,
          revision: flags.rev,
          repository: flags.repo,
        }),
      ),
    );
}
