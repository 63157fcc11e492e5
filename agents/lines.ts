/** Reading the lines that agents print: what is no JSON, or of a form nobody told us of, is noise. */
import type { z } from 'zod';
import type { AgentEvent } from '../orchestrator/ports.ts';

const TEXT_CHARS_MAX = 4_000;
const WRITERS = /write|edit|create|replace|patch|notebook/i;

export function event(kind: AgentEvent['kind'], text: string): AgentEvent {
  return { kind, text: text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text };
}

/** A line as the schema has it, or null. */
export function lineOf<T>(schema: z.ZodType<T>, line: string): T | null {
  return schema.safeParse(json(line)).data ?? null;
}

/** A call of a tool: a command line, a file that is written, or its name and what it was given. */
export function toolEvent(name: string, input: Readonly<Record<string, unknown>>): AgentEvent {
  const word = (...keys: readonly string[]): string | null => {
    const found = keys.map((key) => input[key]).find((value) => typeof value === 'string');
    return typeof found === 'string' ? found : null;
  };
  const line = word('command', 'cmd');
  if (line !== null) return event('command', `$ ${line}`);
  const file = word('file_path', 'filePath', 'path', 'notebook_path');
  if (file !== null && WRITERS.test(name)) return event('edit', `${name} ${file}`);
  return event('command', `${name} ${file ?? JSON.stringify(input)}`);
}

/** What a tool gave back; null when it was nothing to see. */
export function outputEvent(text: string, isError: boolean): AgentEvent | null {
  const shown = text.trimEnd();
  return shown === '' ? null : event(isError ? 'error' : 'output', shown);
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
