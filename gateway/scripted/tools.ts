/** Finds the tool of an agent that can do what a scenario asks, and its arguments. Pure. */
import path from 'node:path';
import { z } from 'zod';
import type { JsonObject, Tool } from '../model/conversation.ts';
import type { Step } from './scenario.ts';

export type Wanted =
  | { readonly shell: string }
  | { readonly path: string; readonly content: string }
  | Call;
/** A tool by its name, with its arguments, or the text of a tool that takes one. */
type Call = { readonly tool: string; readonly input: JsonObject | string };
export type Chosen = { readonly name: string; readonly input: string; readonly custom: boolean };

/** Codex gives a command this long before it answers for it; 30 s is the most it allows. */
const YIELD_MS = 30_000;

const SHELLS = ['exec_command', 'shell', 'shell_command', 'Bash', 'bash', 'run_shell_command'];
const WRITERS = ['Write', 'write_file', 'write', 'create'];

/** Null when the agent offers nothing that could do it. */
export function chooseTool(wanted: Wanted, tools: readonly Tool[]): Chosen | null {
  if ('shell' in wanted) return shell(wanted.shell, tools);
  if ('tool' in wanted) return exactly(wanted, tools);
  const writer = byName(WRITERS, tools);
  return writer === null ? shell(heredoc(wanted), tools) : write(writer, wanted);
}

/** Such a step as would have made this call, of any agent where there is one. */
export function wantedOf({ tool, input }: Call): Pick<Step, 'shell' | 'write' | 'call'> {
  const call = { call: { tool, input } };
  if (typeof input === 'string') return call;
  if (SHELLS.includes(tool)) {
    const line = lineIn(input);
    return line === null ? call : { shell: line };
  }
  if (!WRITERS.includes(tool)) return call;
  const file = input['file_path'] ?? input['filePath'] ?? input['path'];
  const content = input['content'] ?? input['file_text'];
  if (typeof file !== 'string' || typeof content !== 'string') return call;
  return { write: { path: file.replace(/^\/workspace\//, ''), content } };
}

/** What says nothing about the command itself; with any other argument it is another call. */
const BESIDE_A_LINE = new Set([
  ...['cmd', 'command', 'yield_time_ms', 'timeout', 'timeout_ms', 'description'],
  ...['max_output_tokens', 'login'],
]);

function lineIn(input: JsonObject): string | null {
  if (Object.keys(input).some((name) => !BESIDE_A_LINE.has(name))) return null;
  const given = input['cmd'] ?? input['command'];
  if (typeof given === 'string') return given === '' ? null : given;
  const [program, flag, line] = Array.isArray(given) ? given : [];
  const isShell = program === 'bash' && flag === '-lc' && typeof line === 'string';
  return isShell && Array.isArray(given) && given.length === 3 ? line : null;
}

function exactly({ tool: name, input }: Call, tools: readonly Tool[]): Chosen | null {
  const tool = byName([name], tools);
  if (tool === null) return null;
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  return { name, input: text, custom: tool.custom };
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
