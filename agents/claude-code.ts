/**
 * Anthropic's Claude Code, without a person at the keyboard.
 *
 * Of settings only its own home's are read, and there are none: a repository's `.claude/settings.json` may
 * name another server for the model and hooks to run, and both were obeyed before anybody was asked.
 * Memory, skills, sub-agents, schedules and servers of tools are off; so are its own permissions,
 * because the sandbox around it holds and they do not.
 */
import type { Agent, Brief, Launch } from '../orchestrator/ports.ts';
import { parseMessageStream } from './message-stream.ts';
import { HOME, onTask, RULES_FILE, TASK_FILE } from './sandbox.ts';

/** What an edit needs. The rest is tokens, or a way around what a run may do. */
const TOOLS = 'Bash,Read,Edit,Write,Glob,Grep';

export function claudeCode(version: string): Agent {
  const tellsItsEnd = true;
  const parse = parseMessageStream;
  return { name: 'claude-code', version, image: 'claude-code', tellsItsEnd, launch, parse };
}

function launch(brief: Brief): Launch {
  const { prompt, rules } = brief;
  const files = { [TASK_FILE]: prompt };
  if (rules === '') return { argv: onTask(COMMAND), env: environment(brief), files };
  return {
    argv: onTask([...COMMAND, '--append-system-prompt-file', `${HOME}/${RULES_FILE}`]),
    env: environment(brief),
    files: { ...files, [RULES_FILE]: rules },
  };
}

const COMMAND = [
  ...['claude', '--print', '--output-format', 'stream-json', '--verbose'],
  ...['--setting-sources', 'user', '--strict-mcp-config', '--disable-slash-commands'],
  ...['--tools', TOOLS, '--dangerously-skip-permissions', '--no-session-persistence'],
];

function environment({ model, gatewayUrl, token }: Brief): Readonly<Record<string, string>> {
  return {
    ANTHROPIC_BASE_URL: gatewayUrl,
    ANTHROPIC_AUTH_TOKEN: token,
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
    CLAUDE_CODE_DISABLE_CLAUDE_MDS: '1',
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    // A line that differs from run to run at the start of a prompt keeps it out of every cache.
    CLAUDE_CODE_ATTRIBUTION_HEADER: '0',
  };
}
