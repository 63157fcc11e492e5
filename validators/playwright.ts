/**
 * The `playwright` validator: the app in one sandbox, the browser in another, nothing else in reach.
 *
 * The browser shares the app's loopback and has no other network. The runner's configuration is ours,
 * written outside the workspace; the specs come from the sealed tree. Pictures, traces and videos of
 * every test are kept as evidence.
 */
import type { Finding } from '../orchestrator/domain/check.ts';
import type { Validator } from '../orchestrator/ports.ts';
import { CHECK_ENV, checkOf, type Tools } from './command.ts';

export type PlaywrightDefinition = {
  readonly kind: 'playwright';
  readonly app: { readonly run: readonly string[]; readonly port: number };
  /** Folder of specs in the tree. */
  readonly tests: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly minTests: number;
};

/** How long an app may take until it answers on its port. */
const READY_MS = 30_000;
/** Exit code of the sandbox's launcher when nothing answered. */
const NOT_READY = 75;
const APP = { part: 'app', image: 'base', memoryBytes: 512 * 2 ** 20 } as const;

export function playwrightValidator(tools: Tools): Validator<PlaywrightDefinition> {
  return async ({ place, tree, plan, id, services, definition }, signal) => {
    const { app: served, port } = { app: definition.app.run, port: definition.app.port };
    const part = `${APP.part}-${id}`;
    const app = await tools.workspaces.serve(
      place,
      tree,
      plan,
      {
        ...APP,
        part,
        role: 'app',
        argv: served,
        env: { ...CHECK_ENV, PORT: String(port) },
        files: {},
        wallMs: definition.timeoutMs,
        services,
        joins: null,
      },
      signal,
    );
    let output: readonly string[] = [];
    try {
      const ran = await tools.workspaces.check(
        place,
        tree,
        plan,
        browserCommand(id, part, definition),
        signal,
      );
      output = (await app.stop()).tail;
      const notReady =
        ran.end.exitCode === NOT_READY ? [neverAnswered(tools, id, port, output)] : [];
      return await checkOf(tools, {
        id,
        definition: { ...definition, image: 'browser' },
        ran: { ...ran, tail: [...ran.tail, '', 'What the app printed:', ...output] },
        reports: ran.files.filter(({ name }) => name === 'junit.xml'),
        kept: ran.files.filter(({ name }) => !name.startsWith('.')),
        findings: notReady,
      });
    } finally {
      await app.stop().catch(() => {});
    }
  };
}

function browserCommand(id: string, app: string, definition: PlaywrightDefinition) {
  const { tests, app: served, timeoutMs, memoryBytes } = definition;
  return {
    part: `check-${id}`,
    role: 'browser' as const,
    image: 'browser',
    // The workspace's own runner where it has one, for its specs import that; ours at the root else.
    argv: [
      'sh',
      '-c',
      'cli=node_modules/@playwright/test/cli.js; [ -f "$cli" ] || cli=/node_modules/@playwright/test/cli.js; exec node "$cli" test --config "$HOME/playwright.config.mjs"',
    ],
    env: CHECK_ENV,
    files: { 'playwright.config.mjs': configOf(tests, served.port) },
    memoryBytes,
    wallMs: timeoutMs,
    joins: { part: app, port: served.port, waitMs: READY_MS },
  };
}

/** One worker and no retry: a test that passes the second time only is a finding. */
function configOf(tests: string, port: number): string {
  const config = {
    testDir: `/workspace/${tests}`,
    outputDir: '/out/results',
    reporter: [['junit', { outputFile: '/out/junit.xml' }], ['line']],
    workers: 1,
    retries: 0,
    forbidOnly: true,
    use: {
      baseURL: `http://127.0.0.1:${port}`,
      screenshot: 'on',
      trace: 'on',
      launchOptions: {
        executablePath: '/usr/bin/chromium-headless-shell',
        // The sandbox is the isolation; Chromium's own needs user namespaces that it has not.
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--disable-background-networking',
        ],
      },
    },
  };
  return `export default ${JSON.stringify(config, null, 2)};\n`;
}

function neverAnswered(tools: Tools, id: string, port: number, output: readonly string[]): Finding {
  const said = output.slice(-8).join('\n') || 'nothing';
  const message = `the app did not answer on port ${port} within ${READY_MS / 1000} s; it printed: ${said}`;
  return { validator: id, code: 'app_not_ready', message: tools.redact(message).slice(0, 2000) };
}
