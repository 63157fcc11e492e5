import { expect, it } from 'vitest';
import { codex } from '../../agents/codex.ts';

const BRIEF = {
  prompt: '-c evil=1\nRound "half" a cent',
  rules: 'Write tests.',
  model: 'a "quoted" model',
  gatewayUrl: 'http://127.0.0.1:8080',
  token: 'token-of-this-attempt',
};
const agent = codex('0.169.0');
const launch = agent.launch(BRIEF);

it('says which version it is and where it is installed', () => {
  expect(agent).toMatchObject({ name: 'codex', version: '0.169.0', image: 'codex' });
});

it('the task is a file and never part of a command line', () => {
  expect(launch.argv).toMatchInlineSnapshot(`
    [
      "sh",
      "-c",
      "exec codex exec --json --ephemeral --ignore-rules --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox --color never - < "$CODEX_HOME/task.md"",
    ]
  `);
  expect(launch.files['.codex/task.md']).toBe(BRIEF.prompt);
  expect(JSON.stringify(launch.argv)).not.toContain('evil');
});

it('its token is in its environment, as the one key that there is', () => {
  expect(launch.env).toEqual({
    CODEX_HOME: '/home/agent/.codex',
    PROOFHOUSE_TOKEN: BRIEF.token,
  });
  expect(JSON.stringify(launch.files)).not.toContain(BRIEF.token);
});

it('the rules are those it was given; without any there is no file', () => {
  expect(launch.files['.codex/AGENTS.md']).toBe('Write tests.');
  expect(agent.launch({ ...BRIEF, rules: '' }).files).not.toHaveProperty(['.codex/AGENTS.md']);
});

it('its settings lead to the gateway and read nothing that a repository could plant', () => {
  expect(launch.files['.codex/config.toml']).toMatchInlineSnapshot(`
    "model = "a \\"quoted\\" model"
    model_provider = "proofhouse"
    approval_policy = "never"
    sandbox_mode = "danger-full-access"
    check_for_update_on_startup = false
    project_doc_max_bytes = 0
    web_search = "disabled"

    [analytics]
    enabled = false

    [history]
    persistence = "none"

    [agents]
    enabled = false

    [skills]
    include_instructions = false

    [skills.bundled]
    enabled = false

    [features]
    plugins = false
    remote_plugin = false
    apps = false
    hooks = false
    goals = false
    image_generation = false
    shell_snapshot = false
    skill_search = false
    tool_suggest = false

    [model_providers.proofhouse]
    name = "Proofhouse"
    base_url = "http://127.0.0.1:8080/v1"
    wire_api = "responses"
    env_key = "PROOFHOUSE_TOKEN"
    requires_openai_auth = false
    supports_websockets = false
    request_max_retries = 0
    stream_max_retries = 8
    stream_idle_timeout_ms = 300000
    "
  `);
});

it.each([
  [
    { type: 'item.completed', item: { type: 'agent_message', text: 'ok' } },
    { kind: 'said', text: 'ok' },
  ],
  [
    {
      type: 'item.completed',
      item: { type: 'command_execution', command: 'ls', aggregated_output: 'a\n', exit_code: 0 },
    },
    { kind: 'command', text: '$ ls\na' },
  ],
  [
    { type: 'item.completed', item: { type: 'command_execution', command: 'x', exit_code: 7 } },
    { kind: 'command', text: '$ x (exit code 7)' },
  ],
  [
    { type: 'item.completed', item: { type: 'command_execution', command: 'x', exit_code: null } },
    { kind: 'command', text: '$ x (exit code unknown)' },
  ],
  [
    {
      type: 'item.completed',
      item: { type: 'file_change', changes: [{ path: 'a.ts', kind: 'update' }] },
    },
    { kind: 'edit', text: 'update a.ts' },
  ],
  [
    { type: 'item.completed', item: { type: 'mcp_tool_call', server: 's', tool: 't' } },
    { kind: 'command', text: 's t' },
  ],
  [
    { type: 'turn.completed', usage: { input_tokens: 5, output_tokens: 6 } },
    { kind: 'completed', text: '5 in, 6 out' },
  ],
  [
    { type: 'turn.failed', error: { message: 'no' } },
    { kind: 'failed', text: 'no' },
  ],
  [
    { type: 'error', message: 'Reconnecting... 1/8' },
    { kind: 'error', text: 'Reconnecting... 1/8' },
  ],
  [
    { type: 'item.completed', item: { type: 'error', message: 'odd' } },
    { kind: 'error', text: 'odd' },
  ],
])('%j is worth showing', (line, event) => {
  expect(agent.parse(JSON.stringify(line))).toEqual(event);
});

it.each([
  '',
  'not json',
  'null',
  '[]',
  '{"type":7}',
  '{"type":"thread.started"}',
  '{"type":"item.started","item":{"type":"command_execution","command":"ls"}}',
  '{"type":"item.completed","item":{"type":"reasoning","text":"hm"}}',
  '{"type":"item.completed","item":{"type":"error","message":"Model metadata for `x` not found."}}',
])('%s is noise', (line) => {
  expect(agent.parse(line)).toBeNull();
});

it('a long text is cut', () => {
  const item = { type: 'agent_message', text: 'a'.repeat(10_000) };
  const event = agent.parse(JSON.stringify({ type: 'item.completed', item }));
  expect(event?.text).toHaveLength(4_001);
});
