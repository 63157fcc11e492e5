/** A page of the change, opened by a check, that reaches for everything but its app. */
import { createSocket } from 'node:dgram';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { CHROMIUM } from '../../validators/chromium.ts';
import { APP_FILES, checkingOn, repositoryFolder } from '../scenarios/pages/checking.ts';
import { testFactory } from '../scenarios/support.ts';
import { tinyRepository } from '../scenarios/tiny.ts';
import { EVIDENCE_ROWS as ROWS } from './evidence/rows.ts';
import { ours, reasons, withHost } from './sandbox/body.ts';
import { bridgeAddress, imageId, run } from './sandbox/engine.ts';

const METADATA = 'http://169.254.169.254/latest/meta-data/';

/** Serves the page; `to` is the host's service, by TCP and by UDP. */
const appOf = (to: {
  readonly url: string;
  readonly stun: string;
}): string => `import http from 'node:http';
const page = \`<!doctype html><html lang="en"><head><title>Out</title><link rel="icon" href="data:,"></head><body><main><h1>Out</h1></main><script>
const to = '${to.url}';
for (const url of [to + 'fetched', '${METADATA}', 'file:///etc/passwd'])
  fetch(url, { mode: 'no-cors' }).then(() => console.error('reached ' + url), () => {});
navigator.sendBeacon(to + 'beacon', 'x');
new WebSocket(to.replace('http', 'ws') + 'socket').onopen = () => console.error('reached the socket');
const peer = new RTCPeerConnection({ iceServers: [{ urls: '${to.stun}' }] });
peer.createDataChannel('out');
peer.createOffer().then((offer) => peer.setLocalDescription(offer));
navigator.serviceWorker?.register('/worker.js').catch(() => {});
</script></body></html>\`;
http.createServer(({ url }, answer) => {
  const isWorker = url === '/worker.js';
  answer.setHeader('content-type', isWorker ? 'text/javascript' : 'text/html').end(isWorker ? "fetch('${to.url}worker', { mode: 'no-cors' })" : page);
}).listen(3000, '127.0.0.1');
`;

test(`${ROWS.page.id} ${ROWS.page.attack}`, async () => {
  const host = await hostService(await bridgeAddress());
  const app = appOf(host);

  const weak = withHost(ours(await imageId('browser'), weakScript(app), 20_000, 'browser'), {
    NetworkMode: 'bridge',
  });
  expect(reasons(weak).join()).toContain('NetworkMode');
  const { out } = await run(weak);
  expect(out).toContain('reached');
  await expect
    .poll(host.heard)
    .toEqual(expect.arrayContaining(['GET /fetched', 'POST /beacon', 'GET /socket', 'by UDP']));
  const before = host.heard().length;

  const factory = await testFactory('pages-out');
  const spec = "import { test } from '@playwright/test';\ntest('opens', () => {});\n";
  const files = { ...APP_FILES, 'e2e/apart.spec.mjs': spec, 'out.mjs': app };
  const { check } = await checkingOn(factory, tinyRepository(repositoryFolder(factory), files));
  const said = await check('cp out.mjs app.mjs');
  expect(host.heard()).toHaveLength(before);
  const words = JSON.stringify(said.findings);
  expect(words).not.toContain('reached');
  expect(words).toContain(`GET ${METADATA} failed`);
  expect(words).toContain('/fetched failed');
  expect(words).toContain('/beacon failed');
});

/** What the check's sandboxes do, in one that has the engine's own network. */
function weakScript(app: string): string {
  const asked = {
    ...{ origin: 'http://127.0.0.1:3000', pages: [{ name: 'home', path: '/' }], before: {} },
    browser: CHROMIUM,
  };
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  return `cd /home/agent; echo ${encoded(app)} | base64 -d > app.mjs
    echo ${encoded(JSON.stringify(asked))} | base64 -d > pages.json
    node app.mjs & for try in $(seq 50); do curl -s -o /dev/null http://127.0.0.1:3000/ && break; sleep 0.1; done
    sed s#/out#/tmp#g /opt/proofhouse/look.mjs > look.mjs; cp /opt/proofhouse/[a-km-z]*.mjs .
    node look.mjs; cat /tmp/pages.json`;
}

/** What a host offers, the controller among it, on the address that a sandbox with a network would reach. */
async function hostService(address: string) {
  const heard: string[] = [];
  const server = http.createServer(({ method, url }, answer) => {
    heard.push(`${method} ${url}`);
    answer.end('the host answers');
  });
  server.on('upgrade', ({ method, url }, socket) => {
    heard.push(`${method} ${url}`);
    socket.end();
  });
  await new Promise<void>((ready) => server.listen(0, address, ready));
  const udp = createSocket('udp4', () => void heard.push('by UDP'));
  await new Promise<void>((ready) => udp.bind(0, address, ready));
  onTestFinished(() => {
    server.close();
    udp.close();
  });
  const { port } = server.address() as AddressInfo;
  const stun = `stun:${address}:${udp.address().port}`;
  return { url: `http://${address}:${port}/`, stun, heard: () => heard };
}
