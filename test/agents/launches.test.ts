/** How each CLI is started: nothing of the task in a command line, no key, rules of the base and no others. */
import { describe, expect, it } from 'vitest';
import { adapters } from '../../agents/adapters.ts';
import { AGENT_NAMES, type AgentName } from '../../orchestrator/domain/agent-lock.ts';
import { lockedAgents } from '../../orchestrator/intake/agents-lock.ts';

const BRIEF = {
  prompt: '--evil\nRound "half" a cent $(touch x)',
  rules: 'Write tests; $(touch y).',
  model: 'a "quoted" model',
  gatewayUrl: 'http://127.0.0.1:8080',
  token: 'token-of-this-attempt',
};
const AGENTS = adapters(lockedAgents());
const launched = (name: AgentName, over = {}) => AGENTS[name].launch({ ...BRIEF, ...over });

describe.each(AGENT_NAMES)('%s', (name) => {
  const { argv, env, files } = launched(name);

  it('finds the task in a file, as it was written; no word of it is in a command line', () => {
    expect(Object.values(files).some((text) => text.includes(BRIEF.prompt))).toBe(true);
    expect(JSON.stringify([argv, env])).not.toContain('evil');
  });

  it('is given the rules where there are some, and no file of rules where there are none', () => {
    expect(JSON.stringify(files)).toContain('Write tests');
    const bare = launched(name, { rules: '' });
    expect(Object.keys(bare.files).filter((file) => /rules|GEMINI|AGENTS/.test(file))).toEqual([]);
    expect(JSON.stringify([bare.argv, bare.env])).not.toContain('append-system-prompt');
  });

  it('asks the model at the door and nowhere else', () => {
    const said = JSON.stringify([env, files]);
    expect(said).toContain(BRIEF.gatewayUrl);
    expect(said.replaceAll(BRIEF.gatewayUrl, '')).not.toMatch(/https?:\/\//);
  });

  it('keeps its files in its home', () => {
    for (const file of Object.keys(files)) expect(file).not.toMatch(/^\/|\.\./);
  });
});

it('the words that each is started with', () => {
  const words = AGENT_NAMES.map((name) => launched(name).argv.join(' '));
  expect(words).toMatchInlineSnapshot(`
    [
      "sh -c exec claude --print --output-format stream-json --verbose --setting-sources user --strict-mcp-config --disable-slash-commands --tools Bash,Read,Edit,Write,Glob,Grep --dangerously-skip-permissions --no-session-persistence --append-system-prompt-file /home/agent/rules.md < "$HOME/task.md"",
      "sh -c exec codex exec --json --ephemeral --ignore-rules --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox --color never - < "$CODEX_HOME/task.md"",
      "sh -c exec copilot --output-format json --no-ask-user --allow-all-tools --allow-all-paths --no-custom-instructions --disable-builtin-mcps --disable-client-telemetry --no-auto-update --no-remote --log-level none --available-tools=bash,read_bash,write_bash,stop_bash,list_bash,view,create,edit,apply_patch,grep,rg,glob < "$HOME/task.md"",
      "sh -c exec gemini --output-format stream-json --extensions none --allowed-mcp-server-names none < "$HOME/task.md"",
      "sh -c exec opencode run --format json --pure --title task --model proofhouse/model < "$HOME/task.md"",
      "sh -c exec qwen --auth-type openai --output-format stream-json --approval-mode yolo --safe-mode --chat-recording false --append-system-prompt "$(cat "$HOME/rules.md")" < "$HOME/task.md"",
    ]
  `);
});

it('what each finds in its environment', () => {
  const all = Object.fromEntries(AGENT_NAMES.map((name) => [name, launched(name).env]));
  expect(all).toMatchInlineSnapshot(`
    {
      "claude-code": {
        "ANTHROPIC_AUTH_TOKEN": "token-of-this-attempt",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:8080",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "a "quoted" model",
        "ANTHROPIC_MODEL": "a "quoted" model",
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "CLAUDE_CODE_DISABLE_CLAUDE_MDS": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
      },
      "codex": {
        "CODEX_HOME": "/home/agent/.codex",
        "PROOFHOUSE_TOKEN": "token-of-this-attempt",
      },
      "copilot": {
        "COPILOT_CACHE_HOME": "/opt/agent/cache",
        "COPILOT_MODEL": "a "quoted" model",
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_API_KEY": "token-of-this-attempt",
        "COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:8080/v1",
      },
      "gemini-cli": {
        "GEMINI_API_KEY": "token-of-this-attempt",
        "GEMINI_CLI_CUSTOM_HEADERS": "",
        "GEMINI_CLI_IDE_SERVER_PORT": "",
        "GEMINI_CLI_IDE_SERVER_STDIO_COMMAND": "",
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "GEMINI_CLI_SYSTEM_DEFAULTS_PATH": "",
        "GEMINI_CLI_SYSTEM_SETTINGS_PATH": "/etc/gemini-cli/settings.json",
        "GEMINI_CLI_TRUST_WORKSPACE": "false",
        "GEMINI_MODEL": "a "quoted" model",
        "GEMINI_SANDBOX": "false",
        "GEMINI_SYSTEM_MD": "false",
        "GEMINI_TELEMETRY_ENABLED": "false",
        "GEMINI_WRITE_SYSTEM_MD": "false",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:8080",
        "GOOGLE_GENAI_USE_GCA": "false",
        "GOOGLE_GENAI_USE_VERTEXAI": "false",
        "GOOGLE_VERTEX_BASE_URL": "",
        "NODE_OPTIONS": "",
      },
      "opencode": {
        "OPENCODE_CONFIG_CONTENT": "{"model":"proofhouse/model","small_model":"proofhouse/model","enabled_providers":["proofhouse"],"provider":{"proofhouse":{"npm":"@ai-sdk/openai-compatible","name":"Proofhouse","options":{"baseURL":"http://127.0.0.1:8080/v1","apiKey":"token-of-this-attempt"},"models":{"model":{"id":"a \\"quoted\\" model","name":"a \\"quoted\\" model"}}}},"permission":{"*":"allow","read":"deny","webfetch":"deny","websearch":"deny"},"instructions":["/home/agent/rules.md"],"share":"disabled","autoupdate":false,"snapshot":false,"lsp":false,"formatter":false}",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_CLAUDE_CODE": "1",
        "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
        "OPENCODE_DISABLE_EXTERNAL_SKILLS": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
        "OPENCODE_PURE": "1",
        "npm_config_registry": "http://127.0.0.1:8080/registry/",
      },
      "qwen-code": {
        "NODE_OPTIONS": "",
        "OPENAI_API_KEY": "token-of-this-attempt",
        "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1",
        "OPENAI_MODEL": "a "quoted" model",
        "QWEN_CODE_IDE_SERVER_PORT": "",
        "QWEN_CODE_IDE_SERVER_STDIO_COMMAND": "",
        "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
        "QWEN_CODE_SYSTEM_DEFAULTS_PATH": "",
        "QWEN_CODE_SYSTEM_SETTINGS_PATH": "",
        "QWEN_HOME": "",
        "QWEN_SANDBOX": "false",
        "QWEN_SANDBOX_PROXY_COMMAND": "",
        "QWEN_SYSTEM_IDENTITY_MD": "",
        "QWEN_SYSTEM_MD": "false",
        "QWEN_WRITE_SYSTEM_MD": "false",
      },
    }
  `);
});

it('the settings that lie in a home', () => {
  const settings = launched('qwen-code').files['.qwen/settings.json'];
  expect(JSON.parse(settings ?? '')).toMatchInlineSnapshot(`
    {
      "general": {
        "enableAutoUpdate": false,
      },
      "memory": {
        "enableManagedAutoDream": false,
        "enableManagedAutoMemory": false,
      },
      "privacy": {
        "usageStatisticsEnabled": false,
      },
      "telemetry": {
        "enabled": false,
      },
      "tools": {
        "useBuiltinRipgrep": false,
      },
    }
  `);
});
