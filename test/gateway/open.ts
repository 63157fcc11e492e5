/**
 * Opens real gateways and servers for tests, and closes all of them after each test. A door here asks for
 * the token of its run and looks for secrets, as every door does; a weaker one is in `weak-door.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type ModelUpstream, PATIENCE, type Patience } from '../../gateway/model/upstream.ts';
import { scriptedModel } from '../../gateway/scripted/model.ts';
import { parseScenario } from '../../gateway/scripted/scenario.ts';
import { scriptedUpstream } from '../../gateway/scripted/upstream.ts';
import { secretSearch } from '../../gateway/secret-search.ts';
import { type GatewayOptions, openGateway } from '../../gateway/server.ts';
import { RunId, RunToken } from '../../orchestrator/domain/ids.ts';
import { type StrictLedger, strictLedger } from './strict-ledger.ts';

export const RUN = RunId.parse('r0000001');
/** What is asked for at the doors of these tests, and shown there by `post`. */
export const tokenOf = (run: RunId) => RunToken.parse(`proofhouse-${run}-${'0a'.repeat(24)}`);
export const TOKEN = tokenOf(RUN);
export const SHOWN = { authorization: `Bearer ${TOKEN}` } as const;
const SEARCH = secretSearch(['a-secret-of-this-controller'], true);
export const NO_BUDGET = { microUsd: null, tokens: null, turns: null };
/** Fails fast, so that no test waits. */
export const HASTY: Patience = { ...PATIENCE, retryMs: 1 };

type Options = Partial<GatewayOptions> & { readonly model?: ModelUpstream };

export async function gatewayWith({ model, ...options }: Options) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'proofhouse-gateway-'));
  const socketPath = options.socketPath ?? path.join(folder, 'gateway.sock');
  const ledger: StrictLedger = strictLedger();
  const notes: string[] = [];
  const gateway = await openGateway({
    run: RUN,
    attempt: 1,
    role: 'agent',
    model: model ?? null,
    token: tokenOf(options.run ?? RUN),
    secrets: SEARCH,
    registry: null,
    budget: NO_BUDGET,
    ledger,
    note: async (kind, text) => void notes.push(`${kind}: ${text}`),
    ...options,
    socketPath,
  });
  onTestFinished(async () => {
    await gateway.close();
    await rm(folder, { recursive: true });
  });
  return { ...gateway, socketPath, ledger, notes, url: await relayTo(socketPath) };
}

/** What the relay in a sandbox does: an address on the loopback that leads to the socket. */
async function relayTo(socketPath: string): Promise<string> {
  const server = net.createServer((client) => {
    const gateway = net.connect(socketPath);
    client.on('error', () => gateway.destroy()).on('close', () => gateway.destroy());
    gateway.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(gateway).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
};

/** A server whose every answer a test decides; it keeps what it was asked. */
export async function serverThat(
  answer: (response: ServerResponse, seen: Seen, index: number) => void,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    void read(request).then((one) => answer(response, one, seen.push(one) - 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function read(request: IncomingMessage): Promise<Seen> {
  const { method = '', url = '', headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
}

/** A scripted upstream with one scenario that matches `task`. */
export function scripted(steps: string, patience: Patience = HASTY) {
  const source = `scenario: test\nwhen: { prompt_contains: [task] }\nsteps:\n${steps}`;
  return scriptedUpstream(scriptedModel([parseScenario(source, 'test.yaml')]), patience);
}

/** As an agent of the run asks: it shows its token, unless `more` has other credentials. */
export function post(url: string, body: unknown, more: RequestInit = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...SHOWN, ...more.headers };
  const isReady = typeof body === 'string' || Buffer.isBuffer(body);
  const sent = isReady ? body : JSON.stringify(body);
  return fetch(url, { method: 'POST', body: sent, ...more, headers });
}

export const CHAT_TASK = { model: 'any', messages: [{ role: 'user', content: 'a task' }] };
