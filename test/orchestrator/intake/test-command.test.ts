import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandsOf, wordsOf } from '../../../orchestrator/intake/script-words.ts';
import { survey } from '../../../orchestrator/intake/survey.ts';
import { testCommand } from '../../../orchestrator/intake/test-command.ts';
import { type Files, temporaryFolder, writeAll } from './repositories.ts';

function commandFor(manifest: object, files: Files = {}) {
  const all: Files = { 'package.json': JSON.stringify(manifest), ...files };
  const read = (path: string) => all[path] ?? null;
  const found = survey({ name: 'shop', defaultBranch: null, paths: Object.keys(all), read });
  return testCommand(found.tests, found.packages);
}
const argvFor = (script: string, files: Files = {}, rest: object = {}) =>
  commandFor({ scripts: { test: script }, ...rest }, files).run?.join(' ');

const NODE = 'node --test --test-reporter=junit --test-reporter-destination=/out/junit.xml';

test.each([
  ['vitest', 'npx vitest run --reporter=junit --outputFile=/out/junit.xml'],
  [
    'vitest watch --config a.ts --reporter dot',
    'npx vitest run --config a.ts --reporter=junit --outputFile=/out/junit.xml',
  ],
  ['npx vitest run src', 'npx vitest run src --reporter=junit --outputFile=/out/junit.xml'],
  [
    'mocha -r ts-node/register -R dot "test/**/*.ts"',
    'npx mocha -r ts-node/register test/**/*.ts --reporter xunit --reporter-options output=/out/junit.xml',
  ],
  [
    'c8 --all mocha --watch lib',
    'npx mocha lib --reporter xunit --reporter-options output=/out/junit.xml',
  ],
  [
    'cross-env NODE_ENV=test mocha',
    'env NODE_ENV=test npx mocha --reporter xunit --reporter-options output=/out/junit.xml',
  ],
  ['node --test', NODE],
  ['node --test --test-reporter spec --test-concurrency=1', `${NODE} --test-concurrency=1`],
  [
    'node --import tsx --test "src/**/*.test.ts"',
    `node --import tsx ${NODE.slice(5)} src/**/*.test.ts`,
  ],
  ['tsx --test', `npx tsx ${NODE.slice(5)}`],
  ['tape --no-only -r dotenv/config test/*.js', `${NODE} -r dotenv/config test/*.js`],
  ['tap run', NODE],
])('`%s` becomes `%s`', (script, argv) => {
  expect(argvFor(script)).toBe(argv);
});

test('jest with jest-junit is told its file by a variable', () => {
  const rest = { devDependencies: { 'jest-junit': '17.0.0' } };
  expect(argvFor('jest --watchAll --ci src', {}, rest)).toBe(
    'env JEST_JUNIT_OUTPUT_FILE=/out/junit.xml npx jest --ci src --reporters=default --reporters=jest-junit',
  );
  expect(argvFor('node --experimental-vm-modules node_modules/.bin/jest', {}, rest)).toMatch(
    /^env JEST_JUNIT_OUTPUT_FILE=\/out\/junit.xml node --experimental-vm-modules node_modules\/.bin\/jest --reporters/,
  );
});

test.each([
  [{ scripts: { test: 'jest' } }, 'npm install --save-dev jest-junit'],
  [{ scripts: { test: 'ava' } }, 'ava has no JUnit reporter'],
  [{ scripts: { test: 'make' } }, 'Replace `run` by the command that runs your tests'],
])('%j has no command, and the advice says what to do', (manifest, said) => {
  const command = commandFor(manifest);
  expect(command.run).toBeNull();
  expect('advice' in command && command.advice.join('\n')).toContain(said);
});

test('a folder becomes a glob, of the files named as tests where there are any', () => {
  expect(argvFor('node --test test/', { 'test/a.js': '', 'test/b/c.mjs': '' })).toBe(
    `${NODE} test/**/*{.js,.mjs}`,
  );
  expect(argvFor('node --test ./test', { 'test/a.test.js': '', 'test/help.js': '' })).toBe(
    `${NODE} test/**/*.test.js`,
  );
});

test('the notes say what the command leaves out', () => {
  const notesOf = (script: string, files: Files = { 'test/a.js': '' }) => {
    const command = commandFor({ scripts: { test: script } }, files);
    return 'notes' in command ? command.notes.join('\n') : '';
  };
  expect(notesOf('mocha')).toBe('');
  expect(notesOf('tsc && mocha out')).toContain('`npm test` also runs `tsc`');
  expect(notesOf('tape a.js | tap-spec')).toContain('needs a shell');
  expect(notesOf('tape a.js')).toContain('counts each file as one test');
  expect(notesOf('mocha', {})).toContain('every change fails until there is one');
  expect(notesOf('mocha', { 'test/a.js': '', 'yarn.lock': '' })).toContain(
    'packages that yarn installs',
  );
});

test.each([
  ['a  b', ['a', 'b']],
  [`a "b c" --d='e f'`, ['a', 'b c', '--d=e f']],
  ['a ""', ['a', '']],
  ['a | b', null],
  ['a > b', null],
  ['a $B', null],
  ['a "$B"', null],
  ['a `b`', null],
  ['a; b', null],
  ["a 'b", null],
  ['a \\b', null],
])('the words of %j', (command, words) => {
  expect(wordsOf(command)).toEqual(words);
});

test('commands are parted at &&', () => {
  expect(commandsOf('a && b&&c && ')).toEqual(['a', 'b', 'c']);
});

test.each([
  ['node:test files', "import test from 'node:test'; test('adds', () => {});", 0, 'name="adds"'],
  ['a program that ends well', 'console.log("TAP version 13");', 0, 'a.test.mjs"'],
  ['a program that ends badly, as a failed tape file', 'process.exit(1);', 1, '<failure'],
])('the node command really writes JUnit: %s', (_, source, exit, holds) => {
  const folder = temporaryFolder();
  const files = {
    'package.json': '{"scripts":{"test":"node --test test/"}}',
    'test/a.test.mjs': source,
  };
  writeAll(folder, files);
  const report = join(folder, 'junit.xml');
  const argv = (commandFor(JSON.parse(files['package.json']), files).run ?? []).map((word) =>
    word.replace('/out/junit.xml', report),
  );
  // A test that runs inside a test run would report to its parent and not to the file.
  const env = { PATH: process.env['PATH'] };
  const { status } = spawnSync(process.execPath, argv.slice(1), { cwd: folder, env });
  expect(status).toBe(exit);
  expect(readFileSync(report, 'utf8')).toContain(holds);
});
