/**
 * Attacks from inside a sandbox. Each is first seen to work in one that differs from ours in a single
 * field, which the check would have refused; then it fails in ours.
 */

import { createSocket } from 'node:dgram';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newRunId } from '../../orchestrator/commands/names.ts';
import { denied } from '../../sandboxes/deny.ts';
import { LOGGED, SOCKETS, SPOOFED, WATCHERS } from './sandbox/beside.ts';
import { type Body, ours as oursOf, reasons, withHost } from './sandbox/body.ts';
import { CALLS } from './sandbox/calls.ts';
import { baseImage, bridgeAddress, run, runBeside } from './sandbox/engine.ts';
import { FIELDS } from './sandbox/fields.ts';
import { HOST_SERVICES, NETWORK, OTHER_DOOR } from './sandbox/network.ts';

const MB = 1_000_000;
/** inotify_init1, by processor. */
const INOTIFY_INIT = process.arch === 'arm64' ? 26 : 294;
const OWN = 20_000;
const image = await baseImage();
const ours = (script: string): Body => oursOf(image, script);

describe('from inside a sandbox', () => {
  test.each([...CALLS, ...FIELDS, ...NETWORK])('$id $attack', async (row) => {
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
    const folder = await listening('docker.sock');
    const script = `find / -xdev -type s 2>/dev/null; find /run -type s 2>/dev/null
      for one in $(find /run /var/run -name '*.sock' 2>/dev/null); do curl -s --unix-socket $one http://engine/; done; true`;
    const weak = withHost(ours(script), { Mounts: [mounted(folder)] });
    expect(reasons(weak).join()).toContain('not made by the controller');
    expect((await run(weak)).out).toContain('the host answers');
    expect((await run(ours(script))).out).toBe('');
  });

  test(`${HOST_SERVICES.id} ${HOST_SERVICES.attack}`, async () => {
    const host = await hostService(await bridgeAddress());
    const script = `curl -s -m 5 ${host.url} || echo "curl $?"; perl -MSocket -e '
      socket(S, PF_INET, SOCK_DGRAM, 17); print send(S, "by UDP", 0, pack_sockaddr_in(${host.udp}, inet_aton("${host.address}"))) // $!+0'`;
    const weak = withHost(ours(script), { NetworkMode: 'bridge' });
    expect(reasons(weak).join()).toContain('NetworkMode');
    expect((await run(weak)).out).toBe('the host answers6');
    await expect.poll(host.heard).toEqual(['GET /', 'by UDP']);

    expect((await run(ours(script))).out).toBe('curl 7\n101');
    expect(host.heard()).toHaveLength(2);
  });

  test(`${OTHER_DOOR.id} ${OTHER_DOOR.attack}`, async () => {
    const other = `${newRunId()}/1-agent/gateway.sock`;
    const body = ours(`find / -name gateway.sock 2>/dev/null | sort
      curl -s --unix-socket /run/proofhouse/${other} http://gateway/ || echo "curl $?"`);
    const own = `${/-(r[0-9a-z]{7})-/.exec(body.name)?.[1]}/1-agent`;
    const runs = await listening(`${own}/gateway.sock`, other);
    const weak = withHost(body, { Mounts: [mounted(runs)] });
    expect(denied(weak, [runs]).join()).toContain('not made by the controller');
    expect((await run(weak)).out).toMatch(/(?:\S*gateway\.sock\n){2}the host answers$/);

    const strong = withHost(body, { Mounts: [mounted(path.join(runs, own))] });
    expect(denied(strong, [runs])).toEqual([]);
    expect((await run(strong)).out).toBe('/run/proofhouse/gateway.sock\ncurl 7');
    const others = withHost(body, { Mounts: [mounted(path.join(runs, path.dirname(other)))] });
    expect(denied(others, [runs]).join()).toContain('is of another run');
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

const mounted = (folder: string) => ({
  ...{ Type: 'bind', Source: folder, Target: '/run/proofhouse', ReadOnly: true },
  BindOptions: { Propagation: 'rprivate', NonRecursive: true },
});

/** Sockets as an engine's and a gateway's are: whoever reaches one may ask. Gives the folder that they are in. */
async function listening(...names: readonly string[]): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-socket-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  for (const name of names) {
    const socket = path.join(folder, name);
    mkdirSync(path.dirname(socket), { recursive: true });
    const server = http.createServer((_, answer) => answer.end('the host answers'));
    await new Promise<void>((ready) => server.listen(socket, ready));
    onTestFinished(() => void server.close());
    chmodSync(socket, 0o666);
  }
  return folder;
}

/** What a host offers on the address that sandboxes with the bridge would reach it by. */
async function hostService(address: string) {
  const heard: string[] = [];
  const server = http.createServer(({ method, url }, answer) => {
    heard.push(`${method} ${url}`);
    answer.end('the host answers');
  });
  await new Promise<void>((ready) => server.listen(0, address, ready));
  const udp = createSocket('udp4', (message) => void heard.push(String(message)));
  await new Promise<void>((ready) => udp.bind(0, address, ready));
  onTestFinished(() => {
    server.close();
    udp.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    address,
    url: `http://${address}:${port}/`,
    udp: udp.address().port,
    heard: () => heard,
  };
}
