/** The demo as a newcomer starts it: what it prints, that it survives `kill -9`, that a second one is quick. */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import { leftOver, scratch } from '../support.ts';
import { type CommandLine, clearedAway, ended, proofhouse, type Said, succeeded } from '../tiny.ts';

const TASKS = ['cart-rounding', 'stay-signed-in', 'helpful-issue'];

/** What the dependency commands said, or asked of the package registry. */
const INSTALLED = /"kind":"(dependencies|registry)"/;

describe('the demo', () => {
  it('comes to the same end with and without SIGKILL, and what it tells people to type works', async () => {
    const at = clearedAway({ home: scratch('demo') });
    const first = await proofhouse(at, 'demo', '--approve');
    succeeded(first);
    saysHowToApprove(first);
    expect(first.err).toContain('scripted model');
    endsAsTold(first.out);
    const runs = await runsOf(at);
    const logs = Object.values(runs).map((run) => proofhouse(at, '--json', 'run', 'logs', run));
    expect((await Promise.all(logs)).some(({ out }) => INSTALLED.test(out))).toBe(true);
    const refused = await proofhouse(at, 'run', 'logs', runs['helpful-issue'] ?? '');
    succeeded(refused);
    expect(refused.out).toMatch(/gateway +refused/);
    for (const command of commandsIn(first.out)) await works(at, command);
    await isProven(at, runs['stay-signed-in'] ?? '');

    // No terminal and no --approve: nobody says yes, and the way to do it is printed last.
    const second = await proofhouse(at, 'demo', '--kill');
    succeeded(second);
    expect(second.err).toMatch(/the controller \(process \d+\) was ended with SIGKILL/);
    expect(rowOf(second.out, 'stay-signed-in')).toContain('waits for approval');
    const [approve = '', serve = ''] = second.out.trimEnd().split('\n').slice(-2);
    expect(approve).toMatch(
      /^ {2}\.\/proofhouse --demo approve r\w{7} --tree [0-9a-f]{12} --as local:rita$/,
    );
    expect(serve).toBe('  ./proofhouse --demo serve --until-idle');
    await works(at, approve);
    await works(at, serve);
    const again = await runsOf(at);
    await endedOnce(at, again);
    for (const run of [...Object.values(runs), ...Object.values(again)])
      expect(leftOver(run)).toEqual([]);
  });
});

/** What was approved and published can be checked by somebody with its bundle, the keys and the forge. */
async function isProven(at: CommandLine, run: string): Promise<void> {
  const bundle = path.join(scratch('bundle'), 'evidence');
  succeeded(await proofhouse(at, 'run', 'bundle', run, '--out', bundle));
  const keys = `${bundle}-keys.json`;
  writeFileSync(keys, (await proofhouse(at, 'audit', 'keys')).out);
  const forge = path.join(at.home, 'forge');
  const [bare = ''] = readdirSync(forge).filter((name) => name.endsWith('.git'));
  const nobody = { ...at, home: scratch('nobody') };
  const asked = ['verify', bundle, '--repo', path.join(forge, bare), '--trust', keys];
  const said = await proofhouse(nobody, ...asked);
  succeeded(said);
  expect(said.out).toMatch(/the repository has it, in commit \w{40}/);
  expect(said.out).toContain('local:rita for auth');
}

/** One pull request for each that gets one; and nothing was installed a second time. */
async function endedOnce(at: CommandLine, runs: Readonly<Record<string, RunId>>): Promise<void> {
  for (const [task, run] of Object.entries(runs)) {
    const { out } = await proofhouse(at, '--json', 'run', 'logs', run);
    expect(out.match(/"kind":"workspace_ready"/g)).toHaveLength(1);
    const opened = out.match(/"kind":"pull_request_opened"/g) ?? [];
    expect(opened).toHaveLength(task === 'helpful-issue' ? 0 : 1);
    expect(out).not.toMatch(INSTALLED);
  }
}

/** The table has a row for each task with its end; exit code 0 says that all ended as they must. */
function endsAsTold(out: string): void {
  expect(rowOf(out, 'cart-rounding')).toMatch(/ none .* 5 of 5 passed .* pull request #\d /);
  expect(rowOf(out, 'stay-signed-in')).toMatch(/ critical .* 5 of 5 passed .* pull request #\d /);
  expect(rowOf(out, 'helpful-issue')).toMatch(/ not run .* denied \(change_denied\) /);
  expect(out.match(/pull request #\d/g)).toHaveLength(2);
}

function rowOf(out: string, task: string): string {
  return out.split('\n').find((line) => line.startsWith(task)) ?? '';
}

function saysHowToApprove(said: Said): void {
  expect(said.err).toMatch(/why {4}gate auth: /);
  expect(said.err).toMatch(
    /how {4}\.\/proofhouse --demo approve r\w{7} --tree [0-9a-f]{12} --as local:rita\n/,
  );
}

/** Every `./proofhouse --demo …` that the demo names, without its comment. */
function commandsIn(text: string): string[] {
  return text.split('\n').filter((line) => /^ {2}\.\/proofhouse --demo /.test(line));
}

/** What the demo tells people to type is not refused; a run that failed shows so by 1. */
async function works(at: CommandLine, command: string): Promise<void> {
  const [, , ...words] = command.replace(/#.*/, '').trim().split(/\s+/);
  const said = await proofhouse(at, '--demo', ...words);
  expect([0, 1, 3], `${command}\n${said.err}`).toContain(said.code);
  if (words[1] === 'logs') ended(said, 0);
}

async function runsOf(at: CommandLine): Promise<Record<string, RunId>> {
  const { out } = await proofhouse(at, '--json', 'run', 'list');
  const rows = out
    .trim()
    .split('\n')
    .map((line) => Row.parse(JSON.parse(line)));
  return Object.fromEntries(
    rows.map(({ id, task }) => [TASKS.find((name) => task.source.includes(name)) ?? '', id]),
  );
}

const Row = z.looseObject({ id: RunId, task: z.looseObject({ source: z.string() }) });
