/** Finds the tool of an agent that can do what a scenario asks, and its arguments. Pure. */
import path from 'node:path';
import { z } from 'zod';
import type { Tool } from '../model/conversation.ts';

export type Wanted =
  | { readonly shell: string }
  | { readonly path: string; readonly content: string };
export type Chosen = { readonly name: string; readonly input: string; readonly custom: boolean };

/** Codex gives a command this long before it answers for it; 30 s is the most it allows. */
const YIELD_MS = 30_000;

const SHELLS = ['exec_command', 'shell', 'shell_command', 'Bash', 'bash', 'run_shell_command'];
const WRITERS = ['Write', 'write_file', 'write', 'create'];

/** Null when the agent offers nothing that could do it. */
export function chooseTool(wanted: Wanted, tools: readonly Tool[]): Chosen | null {
  if ('shell' in wanted) return shell(wanted.shell, tools);
  const writer = byName(WRITERS, tools);
  return writer === null ? shell(heredoc(wanted), tools) : write(writer, wanted);
}

function shell(line: string, tools: readonly Tool[]): Chosen | null {
  const tool = byName(SHELLS, tools) ?? tools.find(isShell) ?? null;
  if (tool === null) return null;
  const { cmd, command, yield_time_ms } = propertiesOf(tool);
  if (cmd !== undefined || tool.name === 'exec_command') {
    const patience = yield_time_ms === undefined ? {} : { yield_time_ms: YIELD_MS };
    return called(tool, { cmd: line, ...patience });
  }
  // A list in the schema is an argv; of a tool that does not say, the name decides.
  const isArgv = command === undefined ? tool.name === 'shell' : command.type === 'array';
  return called(tool, { command: isArgv ? ['bash', '-lc', line] : line });
}

function isShell(tool: Tool): boolean {
  const { cmd, command } = propertiesOf(tool);
  return /shell|bash|exec|command|terminal/i.test(tool.name) && Boolean(cmd ?? command);
}

function write(tool: Tool, wanted: { path: string; content: string }): Chosen {
  const known = propertiesOf(tool);
  const pick = (names: readonly string[], otherwise: string) =>
    names.find((name) => known[name] !== undefined) ?? otherwise;
  const create = tool.name === 'create';
  const file = pick(['file_path', 'filePath', 'path'], create ? 'path' : 'file_path');
  const text = pick(['content', 'file_text'], create ? 'file_text' : 'content');
  return called(tool, { [file]: wanted.path, [text]: wanted.content });
}

/** A command line that writes the very bytes, whatever they hold. */
export function heredoc({ path: file, content }: { path: string; content: string }): string {
  const folder = path.posix.dirname(file);
  const made = folder === '.' ? '' : `mkdir -p ${quoted(folder)} && `;
  if (!content.endsWith('\n')) return `${made}printf '%s' ${quoted(content)} > ${quoted(file)}`;
  const lines = content.slice(0, -1).split('\n');
  let end = 'END_OF_FILE';
  while (lines.includes(end)) end += '_';
  return `${made}cat > ${quoted(file)} <<'${end}'\n${content}${end}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function byName(names: readonly string[], tools: readonly Tool[]): Tool | null {
  const found = names.flatMap((name) => tools.filter((tool) => tool.name === name));
  return found[0] ?? null;
}

function called({ name }: Tool, input: object): Chosen {
  return { name, input: JSON.stringify(input), custom: false };
}

const Properties = z.record(z.string(), z.looseObject({ type: z.unknown() }));

function propertiesOf({ parameters }: Tool): z.infer<typeof Properties> {
  return Properties.safeParse(parameters['properties']).data ?? {};
}
