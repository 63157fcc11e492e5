/**
 * What README.md tells people to type exists, and a test types it too. A command that is added to
 * the README and to no test is refused here.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildProgram } from '../../../orchestrator/program.ts';
import { CHECKOUT } from '../support.ts';

/** Which file types a command, and how it is written there. */
const TYPED: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'proofhouse approve': ['demo/demo.test.ts', 'await works(at, approve)'],
  'proofhouse doctor': ['cli/machine.test.ts', "'doctor'"],
  'proofhouse down': ['cli/machine.test.ts', "'down', '--data'"],
  'proofhouse init': ['unseen/newcomer.test.ts', "proofhouse(at, 'init')"],
  'proofhouse policy diff': ['cli/machine.test.ts', "'policy', 'diff'"],
  'proofhouse policy explain': ['cli/machine.test.ts', "'explain'"],
  'proofhouse policy lint': ['cli/machine.test.ts', "'policy', 'lint', file"],
  'proofhouse policy simulate': ['cli/machine.test.ts', "'policy', 'simulate', '--last', '200'"],
  'proofhouse policy test': ['cli/machine.test.ts', "'policy', 'test', '--coverage'"],
  'proofhouse run list': ['cli/runs.test.ts', "'run', 'list'"],
  'proofhouse run logs': ['cli/runs.test.ts', "'run', 'logs'"],
  'proofhouse run show': ['cli/runs.test.ts', "'run', 'show', held, '--diff'"],
  'proofhouse serve': ['unseen/newcomer.test.ts', "'serve', '--until-idle'"],
  'proofhouse task add': ['tiny.ts', "'task', 'add', text, '--repo'"],
  'npm run demo': ['demo/demo.test.ts', "'demo', '--approve'"],
  'npm run bench': ['bench/bench.test.ts', 'bench/run.ts'],
  'npm test': ['cli/readme.test.ts', 'npm test'],
};

const commands = commandsOf(readFileSync(path.join(CHECKOUT, 'README.md'), 'utf8'));

describe('every command that README.md names', () => {
  it('there are some', () => {
    expect(commands.length).toBeGreaterThan(5);
  });

  it.each(commands)('%s exists and is typed by a test', (command) => {
    const name = nameOf(command);
    const [file, text] = TYPED[name] ?? [];
    expect(file, `no test types "${name}"`).toBeDefined();
    const source = readFileSync(path.join(CHECKOUT, 'test/scenarios', file ?? ''), 'utf8');
    expect(source).toContain(text);
  });

  it.each([
    ['./proofhouse frobnicate', 'is no command'],
    ['./proofhouse serve --for-ever', 'has no option --for-ever'],
    ['npm run frobnicate', 'is no script'],
    ['curl example.invalid', 'is no command of ours'],
  ])('%s would be refused', (command, why) => {
    expect(() => nameOf(command)).toThrow(why);
  });
});

/** Lines of the blocks marked `sh`, and what the text names in backticks and begins with a program of ours. */
function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = '']) =>
    text.split('\n'),
  );
  const inText = [...markdown.matchAll(/`((?:npm (?:run )?|\.\/proofhouse )[^`]+)`/g)].map(
    ([, text = '']) => text,
  );
  const lines = [...blocks, ...inText].map((line) => line.replace(/(^|\s)#.*/, '').trim());
  return [...new Set(lines)].filter(Boolean);
}

/** As in `proofhouse run show`. Throws for what does not exist. */
function nameOf(line: string): string {
  const [program = '', ...words] = line.split(/\s+/);
  if (program === 'npm') return scriptOf(words);
  if (program !== './proofhouse') throw new Error(`${line} is no command of ours`);
  return commandOf(words);
}

function scriptOf([verb = '', script = '', ...rest]: readonly string[]): string {
  const text = readFileSync(path.join(CHECKOUT, 'package.json'), 'utf8');
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text));
  const name = verb === 'run' ? script : verb;
  const runs = scripts[name];
  if (runs === undefined) throw new Error(`npm ${verb} ${script} is no script`);
  // What follows `--` goes to our own command at the script's end.
  const [, own] = /cli\.ts (.*)$/.exec(runs) ?? [];
  if (rest[0] === '--' && own !== undefined) commandOf([...own.split(' '), ...rest.slice(1)]);
  return verb === 'run' ? `npm run ${name}` : `npm ${name}`;
}

function commandOf(words: readonly string[]): string {
  let command: Command = buildProgram(async () => {});
  const names = ['proofhouse'];
  for (const word of words) {
    if (word.startsWith('--')) {
      const isKnown = optionsOf(command).includes(word);
      if (!isKnown) throw new Error(`${names.join(' ')} has no option ${word}`);
      continue;
    }
    const below = command.commands.find((one) => one.name() === word);
    if (below === undefined && command.commands.length > 0)
      throw new Error(`${names.join(' ')} ${word} is no command`);
    if (below === undefined) continue;
    command = below;
    names.push(word);
  }
  return names.join(' ');
}

/** Its own and those of every command above it. */
function optionsOf(command: Command): string[] {
  const own = command.options.map(({ long }) => long ?? '');
  return command.parent === null ? own : [...own, ...optionsOf(command.parent)];
}
