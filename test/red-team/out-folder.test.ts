/** What a check leaves in its output folder is read without following, hanging or filling memory. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOut } from '../../sandboxes/out-folder.ts';
import { removeTree } from '../../sandboxes/remove-tree.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../scenarios/support.ts';
import { SHELL_AGENT, TINY_POLICY, tinyRepository, workspaceFile } from '../scenarios/tiny.ts';

const MIB = 2 ** 20;

async function names(folder: string): Promise<string[] | string> {
  const read = await readOut(folder);
  return 'tooMuch' in read ? read.tooMuch : read.files.map(({ name }) => name);
}

describe('an output folder', () => {
  it('is read for its regular files, whatever else lies beside them', async () => {
    const folder = scratch('out');
    const secret = path.join(scratch('host'), 'secret');
    writeFileSync(secret, 'canary');
    mkdirSync(path.join(folder, 'below'));
    writeFileSync(path.join(folder, 'below', 'report.xml'), 'x');
    symlinkSync(secret, path.join(folder, 'file-link'));
    symlinkSync('/etc', path.join(folder, 'folder-link'));
    symlinkSync('.', path.join(folder, 'loop'));
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    writeFileSync(Buffer.from([...Buffer.from(`${folder}/`), 0xff, 0xfe]), 'x');
    writeFileSync(path.join(folder, 'huge'), '');
    truncateSync(path.join(folder, 'huge'), 40 * 1024 * MIB);
    expect(await names(folder)).toEqual(['below/report.xml']);
  });

  it('is read up to 400 files and 128 MiB', async () => {
    const folder = scratch('many');
    for (let n = 0; n < 500; n += 1) writeFileSync(path.join(folder, `f${1000 + n}`), 'x');
    expect(await names(folder)).toHaveLength(400);
    const large = scratch('large');
    for (let n = 0; n < 6; n += 1) {
      const file = path.join(large, `f${n}`);
      writeFileSync(file, '');
      truncateSync(file, 30 * MIB);
    }
    expect(await names(large)).toHaveLength(4);
  });

  it('is not read at all with more in it than is looked at', async () => {
    const crowded = scratch('crowded');
    for (let n = 0; n <= 10_000; n += 1) writeFileSync(path.join(crowded, `f${n}`), '');
    expect(await names(crowded)).toMatch(/more than 10000 entries/);
    const deep = scratch('deep');
    nested(deep);
    expect(await names(deep)).toMatch(/16 levels/);
    await removeTree(deep);
  });
});

describe('a folder that is removed', () => {
  it('may be deeper than a path is long, hold any name and be shut', async () => {
    const folder = scratch('shut');
    nested(folder);
    mkdirSync(path.join(folder, 'shut/inner'), { recursive: true });
    writeFileSync(Buffer.from([...Buffer.from(`${folder}/shut/inner/`), 0xff]), 'x');
    execFileSync('chmod', ['0', path.join(folder, 'shut')]);
    const outside = path.join(scratch('outside'), 'kept');
    writeFileSync(outside, 'x');
    symlinkSync(path.dirname(outside), path.join(folder, 'link'));
    await removeTree(folder);
    expect(execFileSync('ls', ['-A', path.dirname(folder)], { encoding: 'utf8' })).not.toContain(
      path.basename(folder),
    );
    expect(execFileSync('cat', [outside], { encoding: 'utf8' })).toBe('x');
  });
});

describe('a check whose output folder is hostile', () => {
  it('fails with a code, and the next run is not the worse for it', async () => {
    const factory = await testFactory('hostile-out');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), {
      'fix.sh': 'echo "export const x = 1;" > src/added.mjs\n',
      'out.sh': `cd /out; ln -s /etc/passwd junit.xml; mkfifo junit-pipe.xml
        seq 1 10100 | xargs touch; node -e '${DEEP}'; exit 0\n`,
      '.proofhouse/policy.yaml': TINY_POLICY.replace(
        /run: \[node.*\]/,
        'run: [sh, out.sh]',
      ).replace('retries: 1', 'retries: 0'),
      '.proofhouse/workspace.yaml': workspaceFile(SHELL_AGENT),
    });
    const task = await queue(factory, repository, 'Fill the output folder');
    expect(await settle(factory, task.id)).toMatchObject({
      phase: 'done',
      outcome: { kind: 'gave_up', code: 'attempts_used_up', findings: [{ code: 'no_tests' }] },
    });
    expect(leftOver(task.id)).toEqual([]);
  });
});

const DEEP = 'for(let n=0;n<60;n++){fs.mkdirSync("d".repeat(100));process.chdir("d".repeat(100))}';

/** Folders below one another, with a path of some 6,000 characters. */
function nested(folder: string): void {
  execFileSync(process.execPath, ['-e', DEEP], { cwd: folder });
}
