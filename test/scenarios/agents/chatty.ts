/** Each CLI with one thing of its quiet back on, and where it reaches then. */
import type { AgentName } from '../../../orchestrator/domain/agent-lock.ts';
import { type Weaken, withEnv, withFile, without } from './weaken.ts';

/** In the place of those of its image: they only let it start. */
const GEMINI_LOUD = JSON.stringify({
  security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
});

export const CHATTY: Readonly<Record<AgentName, { weaken: Weaken; reaches: string }>> = {
  'claude-code': {
    weaken: withEnv('CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC', null),
    reaches: 'api.anthropic.com',
  },
  codex: {
    weaken: withFile('.codex/config.toml', (text) =>
      text.replace(/plugin(s?) = false/g, 'plugin$1 = true'),
    ),
    reaches: 'github.com',
  },
  copilot: {
    weaken: (command) =>
      withEnv('COPILOT_OFFLINE', null)(without(' --disable-client-telemetry')(command)),
    reaches: 'api.github.com',
  },
  'gemini-cli': {
    weaken: (command) => {
      const files = { ...command.files, '.gemini/settings.json': GEMINI_LOUD };
      return withEnv('GEMINI_CLI_SYSTEM_SETTINGS_PATH', '/none')({ ...command, files });
    },
    reaches: 'play.googleapis.com',
  },
  opencode: {
    weaken: withEnv('OPENCODE_DISABLE_MODELS_FETCH', null),
    reaches: 'models.opencode.ai',
  },
  'qwen-code': {
    weaken: withFile('.qwen/settings.json', (text) =>
      text.replace('"usageStatisticsEnabled":false', '"usageStatisticsEnabled":true'),
    ),
    reaches: 'aliyuncs.com',
  },
};
