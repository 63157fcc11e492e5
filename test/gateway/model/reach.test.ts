import { describe, expect, it } from 'vitest';
import { reachesOut } from '../../../gateway/model/reach.ts';

const ADDRESS = 'https://example.com/?carries=data';

describe('what would open a way to the network is found', () => {
  it.each([
    ['a hosted search', { tools: [{ type: 'web_search', external_web_access: true }] }],
    ['a hosted fetch', { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }],
    ['hosted code', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }],
    ['a remote MCP server as a tool', { tools: [{ type: 'mcp', server_url: ADDRESS }] }],
    ['a remote MCP server', { mcp_servers: [{ url: ADDRESS }] }],
    ['search as an option', { web_search_options: {} }],
    ['a picture by address (Chat)', user({ type: 'image_url', image_url: { url: ADDRESS } })],
    ['a picture by address (Responses)', input({ type: 'input_image', image_url: ADDRESS })],
    ['a file by address', input({ type: 'input_file', file_url: ADDRESS })],
    [
      'a picture by address (Messages)',
      user({ type: 'image', source: { type: 'url', url: ADDRESS } }),
    ],
    [
      'a picture inside the result of a tool',
      user({
        type: 'tool_result',
        content: [{ type: 'image', source: { type: 'url', url: 'HTTP://a' } }],
      }),
    ],
    [
      'a picture inside the output of a tool',
      {
        input: [
          { type: 'function_call_output', output: [{ type: 'input_image', image_url: ADDRESS }] },
        ],
      },
    ],
  ])('%s', (_what, body) => {
    expect(reachesOut(body, 'chat')).not.toBeNull();
  });
});

describe('what stays here is let through', () => {
  it.each([
    ['nothing', {}],
    ['empty lists', { tools: [], mcp_servers: [] }],
    [
      'own tools',
      { tools: [{ name: 'a' }, { type: 'function' }, { type: 'custom' }, { type: 'namespace' }] },
    ],
    [
      'tools of Messages that the agent performs',
      { tools: [{ type: 'bash_20250124', name: 'bash' }] },
    ],
    [
      'a picture with its bytes',
      input({ type: 'input_image', image_url: 'data:image/png;base64,AA' }),
    ],
    ['an address in a text', { input: `look at ${ADDRESS}` }],
    [
      'an address as a tool’s argument',
      user({ type: 'tool_use', input: { url: ADDRESS, image_url: ADDRESS } }),
    ],
    ['an address in a tool’s result', { messages: [{ role: 'tool', content: ADDRESS }] }],
  ])('%s', (_what, body) => {
    expect(reachesOut(body, 'chat')).toBeNull();
  });
});

function user(part: object) {
  return { messages: [{ role: 'user', content: [part] }] };
}

function input(part: object) {
  return { input: [{ role: 'user', content: [part] }] };
}
