import { describe, expect, it } from 'vitest';
import { OUTLINES } from '../../../gateway/harness/outline.ts';

const SCHEMA = { type: 'object' };

describe('each protocol has its instructions, tools and rules in places of its own', () => {
  it('Messages', () => {
    const outline = OUTLINES.messages({
      ...{ model: 'm', max_tokens: 9, stream: true, metadata: { user_id: 'x' } },
      system: [{ type: 'text', text: 'one', cache_control: {} }, { type: 'odd' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'rules here' }] },
        { role: 'system', content: 'two' },
        { role: 'assistant', content: 'later' },
        { role: 'user', content: 'not looked at' },
      ],
      tools: [
        { name: 'Bash', description: 'runs', input_schema: SCHEMA },
        { type: 'bash_20250124', name: 'bash' },
      ],
    });
    expect(outline).toEqual({
      model: 'm',
      system: ['one', '{"type":"odd"}', 'two'],
      user: ['rules here'],
      tools: [
        { name: 'Bash', description: 'runs', schema: { input_schema: SCHEMA } },
        { name: 'bash', description: '', schema: { type: 'bash_20250124' } },
      ],
      parameters: { max_tokens: 9 },
    });
  });

  it('Responses, whose tools may be grouped, and whose instructions are items of a developer', () => {
    const outline = OUTLINES.responses({
      ...{ model: 'm', instructions: 'zero', reasoning: { effort: 'low' }, prompt_cache_key: 'k' },
      input: [
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'one' }] },
        { role: 'user', content: 'rules here' },
        { type: 'function_call', name: 'x' },
        { role: 'developer', content: 'not looked at' },
      ],
      tools: [
        { type: 'function', name: 'exec', description: 'runs', parameters: SCHEMA },
        { type: 'namespace', name: 'mcp__t', tools: [{ type: 'function', name: 'read' }] },
        { type: 'web_search' },
      ],
    });
    expect(outline).toMatchObject({
      ...{ system: ['zero', 'one'], user: ['rules here'] },
      parameters: { reasoning: { effort: 'low' } },
    });
    expect(outline.tools.map(({ name }) => name)).toEqual(['exec', 'mcp__t.read', 'web_search']);
    expect(OUTLINES.responses({ model: 'm', input: 'text' }).user).toEqual(['text']);
  });

  it('Chat', () => {
    const outline = OUTLINES.chat({
      ...{ model: 'm', temperature: 0 },
      messages: [
        { role: 'system', content: 'one' },
        { role: 'developer', content: [{ type: 'text', text: 'two' }] },
        { role: 'user', content: 'task' },
        { role: 'tool', content: 'not looked at' },
      ],
      tools: [
        { type: 'function', function: { name: 'bash', description: 'runs', parameters: SCHEMA } },
        { type: 'custom', custom: { name: 'patch' } },
      ],
    });
    expect(outline).toMatchObject({
      ...{ system: ['one', 'two'], user: ['task'], parameters: { temperature: 0 } },
      tools: [
        { name: 'bash', description: 'runs', schema: { parameters: SCHEMA } },
        { name: 'patch' },
      ],
    });
  });

  it.each(['messages', 'responses', 'chat'] as const)(
    'nonsense in %s is no reason to throw',
    (wire) => {
      const odd = {
        system: 4,
        messages: 'x',
        input: [null, 3, { content: [[]] }],
        tools: [null, 'x'],
      };
      expect(OUTLINES[wire](odd).tools.length).toBeLessThanOrEqual(2);
      expect(OUTLINES[wire]({}).system).toEqual([]);
    },
  );
});
