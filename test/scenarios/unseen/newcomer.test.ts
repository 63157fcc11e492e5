/**
 * Two published packages that Proofhouse has never seen, from `init` to a pull request, by the
 * commands that `init` itself names. Nothing in either was written with Proofhouse in mind.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { leftOver, repositoryOf, scratch } from '../support.ts';
import {
  type CommandLine,
  clearedAway,
  gitOut,
  proofhouse,
  queueByHand,
  scenarioIn,
  succeeded,
} from '../tiny.ts';

type Unseen = {
  readonly name: string;
  readonly version: string;
  /** What it tests itself with, as `init` says it. */
  readonly tests: string;
  readonly testsAtLeast: number;
  readonly task: string;
  readonly steps: readonly object[];
  readonly changed: readonly string[];
};

const MOCHA: Unseen = {
  name: 'json-stringify-safe',
  version: '5.0.1',
  tests: 'Tests: mocha, by the dependency `mocha` in package.json.',
  testsAtLeast: 18,
  task: 'Say whether a value holds itself: a function isCircular.',
  steps: [
    {
      say: 'I read the code first, then I add the function and a test.',
      shell: `cat >> stringify.js <<'END'

exports.isCircular = function (value) {
  var found = false
  stringify(value, null, null, function () { found = true })
  return found
}
END
cat > test/is_circular_test.js <<'END'
var isCircular = require("..").isCircular

describe("isCircular", function() {
  it("must be true of an object that holds itself", function() {
    var obj = {}
    obj.self = obj
    isCircular(obj).must.be.true()
  })

  it("must be false of an object that is held twice", function() {
    var held = {}
    isCircular([held, held]).must.be.false()
  })
})
END
npx mocha`,
    },
    { say: 'isCircular is there, with two tests.' },
  ],
  changed: ['stringify.js', 'test/is_circular_test.js'],
};

const TAPE: Unseen = {
  name: 'json-stable-stringify-without-jsonify',
  version: '1.0.1',
  tests: 'Tests: tape, by the script `test`.',
  testsAtLeast: 5,
  task: 'The error for a cycle should carry its key.',
  steps: [
    {
      say: 'The error is thrown in one place.',
      shell: `sed -i "s/new TypeError(.*)/Object.assign(&, { key: key })/" index.js
cat > test/cycle.js <<'END'
var test = require('tape');
var stringify = require('../');

test('the error for a cycle carries its key', function (t) {
    t.plan(1);
    var one = {};
    one.two = one;
    try { stringify(one); } catch (error) { t.equal(error.key, 'two'); }
});
END
npx tape test/*.js`,
    },
    { say: 'The error carries the key.' },
  ],
  changed: ['index.js', 'test/cycle.js'],
};

describe('a repository that was never seen', () => {
  it.each([MOCHA, TAPE])('$name: from init to a pull request', async (unseen) => {
    const repository = unpacked(unseen);
    const models = scenarioIn(scratch('scenario'), unseen.task, unseen.steps);
    const at = clearedAway({ home: scratch('home'), cwd: repository });

    const init = await proofhouse(at, 'init');
    succeeded(init);
    expect(init.out).toContain('Packages: npm, no lock file.');
    expect(init.out).toContain(unseen.tests);
    committed(repository, commandsIn(init.out));
    succeeded(await proofhouse(at, 'policy', 'lint'));

    const run = await queueByHand(at, '.', unseen.task);
    succeeded(await proofhouse(at, 'serve', '--until-idle', '--scripted', models));

    const shown = await proofhouse(at, 'run', 'show', run);
    succeeded(shown);
    expect(shown.out).toContain('pull request #1');
    const { journal } = await journalOf(at, run);
    expect(journal.filter(({ event }) => event.type === 'workspace_ready')).toHaveLength(1);
    const passed = journal.find(({ event }) => event.type === 'validation_passed')?.event;
    const check = passed?.checks?.find(({ kind }) => kind === 'command');
    expect(check?.tests?.run).toBeGreaterThanOrEqual(unseen.testsAtLeast);

    const branch = `proofhouse/${run}`;
    gitOut(repository, 'fetch', '--quiet', forgeOf(at.home), branch);
    const changed = gitOut(repository, 'diff', '--name-only', 'HEAD', 'FETCH_HEAD');
    expect(changed.trim().split('\n')).toEqual(unseen.changed);
    expect(gitOut(repository, 'merge-base', 'HEAD', 'FETCH_HEAD')).toBe(
      gitOut(repository, 'rev-parse', 'HEAD'),
    );
    expect(leftOver(run)).toEqual([]);
  });
});

/** As published, through the npm that this machine has; one commit. */
function unpacked({ name, version }: Unseen): string {
  const folder = path.join(scratch('unseen'), name);
  mkdirSync(folder);
  const npm = ['pack', '--silent', '--pack-destination', path.dirname(folder)];
  execFileSync('npm', [...npm, `${name}@${version}`], { cwd: folder, stdio: 'ignore' });
  const archive = path.join(path.dirname(folder), `${name}-${version}.tgz`);
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  expect(readdirSync(folder)).not.toContain('package-lock.json');
  return repositoryOf(folder, {});
}

/** The indented lines below "Next". */
function commandsIn(text: string): string[] {
  return text.split('\n').flatMap((line) => /^ {2}(\S.*)$/.exec(line)?.[1] ?? []);
}

/** Does the first things that `init` says to do, as it says them, in a shell: both packages have no lock file. */
function committed(repository: string, [lock = '', commit = '']: readonly string[]): void {
  expect(lock).toMatch(/^npm install --package-lock-only && git add /);
  expect(commit).toMatch(/^git add .* && git commit /);
  const who = { name: 'A newcomer', email: 'newcomer@localhost.invalid' };
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: repository,
    GIT_AUTHOR_NAME: who.name,
    GIT_AUTHOR_EMAIL: who.email,
    GIT_COMMITTER_NAME: who.name,
    GIT_COMMITTER_EMAIL: who.email,
  };
  // npm as this machine has set it up.
  execFileSync('sh', ['-c', lock], { cwd: repository, stdio: 'ignore' });
  execFileSync('sh', ['-c', commit], { cwd: repository, env, stdio: 'ignore' });
}

const Shown = z.object({
  journal: z.array(
    z.object({
      event: z.looseObject({
        type: z.string(),
        checks: z
          .array(z.looseObject({ tests: z.looseObject({ run: z.int() }).nullable() }))
          .optional(),
      }),
    }),
  ),
});

async function journalOf(at: CommandLine, run: string): Promise<z.infer<typeof Shown>> {
  const { out } = await proofhouse(at, '--json', 'run', 'show', run);
  return Shown.parse(JSON.parse(out));
}

/** The one bare repository of the local forge. */
function forgeOf(home: string): string {
  const forge = path.join(home, 'forge');
  const bare = readdirSync(forge).filter((name) => name.endsWith('.git'));
  expect(bare).toHaveLength(1);
  return path.join(forge, bare[0] ?? '');
}
