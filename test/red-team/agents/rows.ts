/** What a repository may try on each agent CLI, and the one field of its adapter without which it works. */
import type { AgentName } from '../../../orchestrator/domain/agent-lock.ts';
import type { SandboxCommand } from '../../../orchestrator/ports.ts';
import type { Attack, Family } from '../attack.ts';

export type Hijack = Attack & {
  readonly agent: AgentName;
  /** The adapter's command with that one field changed. */
  readonly weaken: (command: SandboxCommand) => SandboxCommand;
};

const OURS = 'no call elsewhere, no program of the tree, none of its instructions';

function without(words: string): Hijack['weaken'] {
  return (command) => {
    const argv = command.argv.map((word) => word.replace(words, ''));
    if (argv.join() === command.argv.join()) throw new Error(`nothing to take out: ${words}`);
    return { ...command, argv };
  };
}

function withWords(program: string, words: string): Hijack['weaken'] {
  return (command) => ({
    ...command,
    argv: command.argv.map((word) => word.replace(`exec ${program} `, `exec ${program} ${words} `)),
  });
}

function unset(name: string): Hijack['weaken'] {
  return (command) => {
    const { [name]: gone, ...env } = command.env;
    if (gone === undefined) throw new Error(`${name} is not set`);
    return { ...command, env };
  };
}

function row(agent: AgentName, weak: string, weaken: Hijack['weaken']): Hijack {
  const attack = `settings, hooks, servers of tools, \`.env\` and instructions in a tree for ${agent}`;
  return { id: 'INJ-01', agent, attack, weak, ours: OURS, weaken };
}

export const HIJACKS: readonly Hijack[] = [
  row('claude-code', 'without `--setting-sources user`', without('--setting-sources user')),
  row('codex', 'with its folder trusted', (command) => {
    const file = '.codex/config.toml';
    const trusted = `${command.files[file]}\n[projects."/workspace"]\ntrust_level = "trusted"\n`;
    return { ...command, files: { ...command.files, [file]: trusted } };
  }),
  row('copilot', 'with `--trust-folder`', withWords('copilot', '--trust-folder')),
  row(
    'opencode',
    'without `OPENCODE_DISABLE_PROJECT_CONFIG`',
    unset('OPENCODE_DISABLE_PROJECT_CONFIG'),
  ),
  row('qwen-code', 'without `--safe-mode`', without('--safe-mode')),
];

export const AGENT_ATTACKS: Family = { title: 'Agent command lines', rows: HIJACKS };
