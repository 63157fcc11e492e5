/**
 * Attacks from inside a sandbox. Each is first seen to work in one that differs from ours in a single
 * field, which the check would have refused; then it fails in ours.
 */
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LOGGED, SOCKETS, SPOOFED, WATCHERS } from './sandbox/beside.ts';
import { type Body, ours as oursOf, reasons, withHost } from './sandbox/body.ts';
import { CALLS } from './sandbox/calls.ts';
import { baseImage, run, runBeside } from './sandbox/engine.ts';
import { FIELDS } from './sandbox/fields.ts';

const MB = 1_000_000;
/** inotify_init1, by processor. */
const INOTIFY_INIT = process.arch === 'arm64' ? 26 : 294;
const OWN = 20_000;
const image = await baseImage();
const ours = (script: string): Body => oursOf(image, script);

describe('from inside a sandbox', () => {
  test.each([...CALLS, ...FIELDS])('$id $attack', async (row) => {
    const weak = row.weaken(ours(row.script));
    expect(reasons(weak)).not.toEqual([]);
    if (row.isLeftBehind) await run(row.weaken(ours(row.script)));
    expect((await run(weak)).out).toMatch(row.works);

    const body = ours(row.script);
    expect(reasons(body)).toEqual([]);
    if (row.isLeftBehind) await run(ours(row.script));
    expect((await run(body)).out).toMatch(row.fails);
  });

  test(`${SOCKETS.id} ${SOCKETS.attack}`, async () => {
    const folder = await listening();
    const script = `find / -xdev -type s 2>/dev/null; find /run -type s 2>/dev/null
      for one in $(find /run /var/run -name '*.sock' 2>/dev/null); do curl -s --unix-socket $one http://engine/; done; true`;
    const mount = {
      ...{ Type: 'bind', Source: folder, Target: '/run/proofhouse', ReadOnly: true },
      BindOptions: { Propagation: 'rprivate', NonRecursive: true },
    };
    const weak = withHost(ours(script), { Mounts: [mount] });
    expect(reasons(weak).join()).toContain('not made by the controller');
    expect((await run(weak)).out).toContain('the host answers');
    expect((await run(ours(script))).out).toBe('');
  });

  test(`${WATCHERS.id} ${WATCHERS.attack}`, async () => {
    const take = `for (1 .. 5000) { last if syscall(${INOTIFY_INIT}, 0) < 0 }`;
    const first = `exec perl -e '$| = 1; ${take} print "held\\n"; sleep 50'`;
    const second = `perl -e 'print syscall(${INOTIFY_INIT}, 0) < 0 ? "none left" : "one is left"'`;
    const beside = (uid: number) => runBeside(ours(first), /held/, oursOf(image, second, uid));
    expect(await beside(OWN)).toBe('none left');
    expect(await beside(OWN + 1)).toBe('one is left');
  });

  test(`${SPOOFED.id} ${SPOOFED.attack}`, async () => {
    const script = `printf '#!/bin/sh\\necho Starting gVisor...\\n' > /tmp/dmesg; chmod +x /tmp/dmesg
      PATH=/tmp:$PATH; dmesg`;
    const { out, told } = await run(ours(script));
    expect(out).toContain('gVisor');
    expect(told.HostConfig.Runtime).toBe('runc');
  });

  test(`${LOGGED.id} ${LOGGED.attack}`, async () => {
    const script = 'yes 0123456789012345678901234567890123456789 | head -c 80000000';
    const weak = withHost(ours(script), { LogConfig: { Type: 'json-file', Config: {} } });
    expect(reasons(weak).join()).toContain('LogConfig');
    const sizes = [await logBytes(weak), await logBytes(ours(script))];
    expect(sizes[0]).toBeGreaterThan(80 * MB);
    expect(sizes[1]).toBeLessThan(40 * MB);
  });
});

async function logBytes(body: Body): Promise<number> {
  const sizes: number[] = [];
  await run(body, async ({ LogPath }) => void sizes.push(statSync(LogPath).size));
  return sizes[0] ?? 0;
}

/** A socket as an engine's is: whoever reaches it may ask. */
async function listening(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-socket-'));
  const server = http.createServer((_, answer) => answer.end('the host answers'));
  const socket = path.join(folder, 'docker.sock');
  await new Promise<void>((ready) => server.listen(socket, ready));
  chmodSync(socket, 0o666);
  chmodSync(folder, 0o755);
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
