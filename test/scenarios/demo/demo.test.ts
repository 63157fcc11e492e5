/** The demo as a newcomer starts it: what it prints, that it survives `kill -9`, that a second one is quick. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import { leftOver, scratch } from '../support.ts';
import { type CommandLine, clearedAway, ended, proofhouse, type Said, succeeded } from '../tiny.ts';

const TASKS = ['cart-rounding', 'stay-signed-in', 'helpful-issue'];

describe('the demo', () => {
  it('ends with two pull requests and one refusal, and again after SIGKILL without installing again', async () => {
    const at = clearedAway({ home: scratch('demo') });
    const first = await proofhouse(at, 'demo', '--approve');
    endsAsTold(first);
    saysHowToApprove(first);
    const runs = await runsOf(at);
    const log = await proofhouse(at, 'run', 'logs', runs['helpful-issue'] ?? '');
    succeeded(log);
    expect(log.out).toMatch(/gateway +refused/);
    for (const command of commandsIn(first.out)) await works(at, command);

    const second = await proofhouse(at, 'demo', '--kill', '--approve');
    endsAsTold(second);
    expect(second.err).toMatch(/the controller \(process \d+\) was ended with SIGKILL/);
    const again = await runsOf(at);
    for (const run of Object.values(again)) {
      const { out } = await proofhouse(at, '--json', 'run', 'logs', run);
      // Lines of the dependency commands would be here, had they been run.
      expect(out).toContain('"kind":"workspace_ready"');
      expect(out).not.toContain('"kind":"dependencies"');
      expect(out).not.toContain('"kind":"registry"');
      expect(out.match(/"kind":"pull_request_opened"/g) ?? []).toHaveLength(
        run === again['helpful-issue'] ? 0 : 1,
      );
    }
    for (const run of [...Object.values(runs), ...Object.values(again)])
      expect(leftOver(run)).toEqual([]);
  });

  it('without a terminal nobody says yes, and the way to do it is the last thing printed', async () => {
    const at = clearedAway({ home: scratch('demo') });
    const said = await proofhouse(at, 'demo');
    succeeded(said);
    const row = said.out.split('\n').find((line) => line.startsWith('stay-signed-in'));
    expect(row).toContain('waits for approval');
    const [approve = '', serve = ''] = said.out.trimEnd().split('\n').slice(-2);
    expect(approve).toMatch(
      /^ {2}\.\/proofhouse --demo approve r\w{7} --tree [0-9a-f]{12} --as local:rita$/,
    );
    expect(serve).toBe('  ./proofhouse --demo serve --until-idle');
    await works(at, approve);
    const run = (await runsOf(at))['stay-signed-in'] ?? '';
    expect((await proofhouse(at, 'run', 'show', run)).out).toContain('publishing');
  });
});

/** The table has a row for each task with its end; exit code 0 says that all ended as they must. */
function endsAsTold(said: Said): void {
  succeeded(said);
  const rows = TASKS.map((task) => said.out.split('\n').find((line) => line.startsWith(task)));
  expect(rows[0]).toMatch(/ none .* 2 of 2 passed .* pull request #\d /);
  expect(rows[1]).toMatch(/ critical .* 2 of 2 passed .* pull request #\d /);
  expect(rows[2]).toMatch(/ not run .* denied \(change_denied\) /);
  expect(said.out.match(/pull request #\d/g)).toHaveLength(2);
  expect(said.err).toContain('scripted model');
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
  const said = await proofhouse(at, ...words);
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
