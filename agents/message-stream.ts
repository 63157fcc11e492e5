/**
 * The stream of events that Claude Code made and Qwen Code prints too: whole messages, each with one
 * block or more, and a result at the end. Its own count of what it cost is invented and not read.
 */
import { z } from 'zod';
import type { AgentEvent } from '../orchestrator/ports.ts';
import { event, lineOf, outputEvent, toolEvent } from './lines.ts';

const Text = z.looseObject({ type: z.literal('text'), text: z.string() });
const ToolUse = z.looseObject({
  type: z.literal('tool_use'),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
});
const ToolResult = z.looseObject({
  type: z.literal('tool_result'),
  content: z.unknown(),
  is_error: z.boolean().nullish(),
});
const Other = z.looseObject({ type: z.string() }).transform(() => ({ type: 'other' as const }));
const Block = z.union([Text, ToolUse, ToolResult, Other]);
type Block = z.infer<typeof Block>;

const Message = z.looseObject({
  type: z.enum(['assistant', 'user']),
  message: z.looseObject({ content: z.array(Block) }),
});
const Result = z.looseObject({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean(),
  num_turns: z.int().optional(),
  result: z.string().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});
const Line = z.discriminatedUnion('type', [Message, Result]);

export function parseMessageStream(line: string): AgentEvent | null {
  const read = lineOf(Line, line);
  if (read === null) return null;
  if (read.type === 'result') return ended(read);
  // One block a line; of more the first that says something is shown.
  for (const block of read.message.content) {
    const seen = blockEvent(block);
    if (seen !== null) return seen;
  }
  return null;
}

function blockEvent(block: Block): AgentEvent | null {
  switch (block.type) {
    case 'text':
      return block.text.trim() === '' ? null : event('said', block.text);
    case 'tool_use':
      return toolEvent(block.name, block.input);
    case 'tool_result':
      return outputEvent(textOf(block.content), block.is_error ?? false);
    case 'other':
      return null;
  }
}

/** A text, or a list of parts of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = z.array(z.looseObject({ text: z.string().optional() })).safeParse(content);
  return (parts.data ?? []).flatMap(({ text }) => text ?? []).join('\n');
}

function ended({
  subtype,
  is_error,
  num_turns,
  result,
  error,
}: z.infer<typeof Result>): AgentEvent {
  if (!is_error && subtype === 'success') return event('completed', `${num_turns ?? '?'} turns`);
  return event('failed', error?.message ?? result ?? subtype);
}
