/** SUP-07: whoever can name images on the engine gives a known name to another program. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newRunId } from '../../../orchestrator/commands/names.ts';
import { recipesOf } from '../../../orchestrator/compose.ts';
import { type Body, ours, reasons } from '../sandbox/body.ts';
import { baseImage, run } from '../sandbox/engine.ts';
import { LIFECYCLE_ROWS } from './rows.ts';

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' });
const SCRIPT = 'test -e /opt/proofhouse/launch.mjs && echo ours || echo another';

describe(`${LIFECYCLE_ROWS.moved.id}: ${LIFECYCLE_ROWS.moved.attack}`, () => {
  it('starts another program by its name, and ours by its id', async () => {
    const tag = `proofhouse-moved:${newRunId()}`;
    const id = await baseImage();
    docker('tag', id, tag);
    onTestFinished(() => void docker('rmi', tag));
    const named: Body = { ...ours(id, SCRIPT), Image: tag };
    expect((await run(named)).out).toBe('ours');

    docker('tag', recipesOf().find(({ name }) => name === 'root')?.tag ?? '', tag);
    expect((await run({ ...ours(id, SCRIPT), Image: tag })).out).toBe('another');
    expect((await run(ours(id, SCRIPT))).out).toBe('ours');
    // A request that names an image by its tag never gets as far as the engine.
    expect(reasons(named).join()).toContain('Image');
    expect(reasons(ours(id, SCRIPT))).toEqual([]);
  });
});
