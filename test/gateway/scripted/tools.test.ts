import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Tool } from '../../../gateway/model/conversation.ts';
import { chooseTool, heredoc } from '../../../gateway/scripted/tools.ts';

function tool(name: string, ...properties: readonly string[]): Tool {
  const schemas = properties.map((property) => {
    const [key = '', type = 'string'] = property.split(':');
    return [key, { type }];
  });
  const parameters = { type: 'object', properties: Object.fromEntries(schemas) };
  return { name, description: '', parameters, custom: false };
}

describe('a shell', () => {
  it.each([
    [tool('exec_command', 'cmd', 'yield_time_ms:number'), { cmd: 'ls', yield_time_ms: 30_000 }],
    [tool('exec_command'), { cmd: 'ls' }],
    [tool('shell', 'command:array'), { command: ['bash', '-lc', 'ls'] }],
    [tool('shell', 'command'), { command: 'ls' }],
    [tool('shell'), { command: ['bash', '-lc', 'ls'] }],
    [tool('Bash', 'command', 'description'), { command: 'ls' }],
    [tool('run_shell_command', 'command'), { command: 'ls' }],
    [tool('my_terminal', 'command'), { command: 'ls' }],
  ])('%j', (offered, input) => {
    const chosen = chooseTool({ shell: 'ls' }, [tool('other', 'command'), offered]);
    expect(chosen).toEqual({ name: offered.name, input: JSON.stringify(input), custom: false });
  });

  it('is not there when nothing is like one', () => {
    expect(chooseTool({ shell: 'ls' }, [tool('view_image', 'path')])).toBeNull();
  });
});

describe('a write', () => {
  const wanted = { path: 'a/b.txt', content: 'x\n' };
  it.each([
    [tool('Write', 'file_path', 'content'), { file_path: 'a/b.txt', content: 'x\n' }],
    [tool('write_file', 'file_path', 'content'), { file_path: 'a/b.txt', content: 'x\n' }],
    [tool('write', 'filePath', 'content'), { filePath: 'a/b.txt', content: 'x\n' }],
    [tool('create', 'path', 'file_text'), { path: 'a/b.txt', file_text: 'x\n' }],
    [tool('create'), { path: 'a/b.txt', file_text: 'x\n' }],
  ])('%j', (offered, input) => {
    const chosen = chooseTool(wanted, [tool('Bash', 'command'), offered]);
    expect(chosen).toMatchObject({ name: offered.name, input: JSON.stringify(input) });
  });

  it('goes through a shell where there is no such tool', () => {
    expect(chooseTool(wanted, [tool('exec_command', 'cmd')])).toMatchObject({
      name: 'exec_command',
      input: JSON.stringify({ cmd: heredoc(wanted) }),
    });
  });

  it.each([
    'plain\n',
    '',
    '\n',
    'no end',
    'it\'s $HOME `id` \\ "quoted" %s\n',
    "'no end, quoted' $HOME \\n",
    'END_OF_FILE\nEND_OF_FILE_\nEND\n',
    'é\n\n\n',
  ])('writes the very bytes of %j', (content) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'proofhouse-heredoc-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = "deep/er/it's.txt";
    execFileSync('sh', ['-c', heredoc({ path: file, content })], { cwd: folder });
    expect(readFileSync(path.join(folder, file), 'utf8')).toBe(content);
  });
});
