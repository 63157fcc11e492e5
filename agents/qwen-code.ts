/**
 * Qwen Code, without a person at the keyboard.
 *
 * In its safe mode it reads nothing that a repository could plant: no context files, hooks, extensions,
 * skills or servers of tools. Its memory asks a model after each run, so it is off, as are its
 * statistics, updates and own permissions: the sandbox around it holds and they do not.
 */
import type { Agent, Brief, Launch } from '../orchestrator/ports.ts';
import { parseMessageStream } from './message-stream.ts';
import { onTask, RULES_FILE, TASK_FILE } from './sandbox.ts';

export function qwenCode(version: string): Agent {
  const tellsItsEnd = true;
  const parse = parseMessageStream;
  return { name: 'qwen-code', version, image: 'qwen-code', tellsItsEnd, launch, parse };
}

function launch({ prompt, rules, model, gatewayUrl, token }: Brief): Launch {
  const hasRules = rules !== '';
  return {
    // It takes rules as a word only; they are at most 64 KiB, and half of what a word may hold.
    argv: onTask([...COMMAND, ...(hasRules ? ['--append-system-prompt', RULES] : [])]),
    env: {
      OPENAI_BASE_URL: `${gatewayUrl}/v1`,
      OPENAI_API_KEY: token,
      OPENAI_MODEL: model,
      QWEN_CODE_SUPPRESS_YOLO_WARNING: '1',
      ...NOT_FROM_A_FILE,
    },
    files: {
      '.qwen/settings.json': SETTINGS,
      [TASK_FILE]: prompt,
      ...(hasRules ? { [RULES_FILE]: rules } : {}),
    },
  };
}

const RULES = `"$(cat "$HOME/${RULES_FILE}")"`;
const COMMAND = [
  ...['qwen', '--auth-type', 'openai', '--output-format', 'stream-json'],
  ...['--approval-mode', 'yolo', '--safe-mode', '--chat-recording', 'false'],
];

/** It reads the `.env` of a workspace even then, but for what is set: no other prompt, settings or program. */
const NOT_FROM_A_FILE = {
  NODE_OPTIONS: '',
  QWEN_SYSTEM_MD: 'false',
  QWEN_WRITE_SYSTEM_MD: 'false',
  QWEN_SYSTEM_IDENTITY_MD: '',
  QWEN_SANDBOX: 'false',
  QWEN_SANDBOX_PROXY_COMMAND: '',
  QWEN_HOME: '',
  QWEN_CODE_SYSTEM_SETTINGS_PATH: '',
  QWEN_CODE_SYSTEM_DEFAULTS_PATH: '',
  QWEN_CODE_IDE_SERVER_PORT: '',
  QWEN_CODE_IDE_SERVER_STDIO_COMMAND: '',
};

const SETTINGS = JSON.stringify({
  general: { enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  memory: { enableManagedAutoMemory: false, enableManagedAutoDream: false },
  tools: { useBuiltinRipgrep: false },
});
