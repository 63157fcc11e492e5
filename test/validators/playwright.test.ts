import { describe, expect, test } from 'vitest';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { CheckCommand, CheckRun, Workspaces } from '../../orchestrator/ports.ts';
import { type PlaywrightDefinition, playwrightValidator } from '../../validators/playwright.ts';
import { FAIL, junit, PASS, REQUEST, ran, SIGNAL, toolsWith } from './checks.ts';

const NOT_READY = 75;
const DEFINITION: PlaywrightDefinition = {
  kind: 'playwright',
  app: { run: ['node', 'src/server.ts'], port: 3000 },
  tests: 'e2e/',
  pages: [],
  visualFailAbove: null,
  timeoutMs: 300_000,
  memoryBytes: 2 ** 30,
  minTests: 1,
};
const APP_SAID = ran({ tail: ['listening', 'hunter2'], files: [] });

type World = { readonly browser: CheckRun | Error; readonly app?: Error; readonly stop?: Error };

/** The app must be up before the browser starts; what is left running at the end is counted. */
async function checked({ browser, app, stop }: World) {
  let running = 0;
  const commands: CheckCommand[] = [];
  const workspaces: Partial<Workspaces> = {
    serve: async (_place, _tree, _plan, command) => {
      if (app !== undefined) throw app;
      commands.push(command);
      running += 1;
      let isUp = true;
      return {
        stop: async () => {
          if (isUp) running -= 1;
          isUp = false;
          if (stop !== undefined) throw stop;
          return APP_SAID;
        },
      };
    },
    check: async (_place, _tree, _plan, command) => {
      expect(running).toBe(1);
      commands.push(command);
      if (browser instanceof Error) throw browser;
      return browser;
    },
  };
  const { tools, kept } = toolsWith(workspaces);
  const request = { ...REQUEST, id: 'e2e', definition: DEFINITION };
  const said = await playwrightValidator(tools)(request, SIGNAL).catch((error: unknown) => error);
  return { said, commands, kept, running: () => running };
}

test('the app runs in one sandbox, and the browser in another that shares its loopback only', async () => {
  const { said, commands, running } = await checked({ browser: ran() });
  expect(said).toMatchObject({ validator: 'e2e', verdict: 'passed', tests: { run: 2 } });
  expect(commands).toMatchObject([
    {
      part: 'app-e2e',
      role: 'app',
      image: 'base',
      argv: ['node', 'src/server.ts'],
      env: { PORT: '3000' },
      joins: null,
    },
    {
      part: 'check-e2e',
      role: 'browser',
      image: 'browser',
      memoryBytes: 2 ** 30,
      wallMs: 300_000,
      joins: { part: 'app-e2e', port: 3000, waitMs: 30_000 },
    },
  ]);
  expect(running()).toBe(0);
});

test('the configuration is ours: one worker, no retry, everything kept', async () => {
  const { commands } = await checked({ browser: ran() });
  expect(commands[1]?.files).toMatchInlineSnapshot(`
    {
      "playwright.config.mjs": "export default {
      "testDir": "/workspace/e2e/",
      "outputDir": "/out/specs",
      "reporter": [
        [
          "junit",
          {
            "outputFile": "/out/junit.xml"
          }
        ],
        [
          "line"
        ]
      ],
      "workers": 1,
      "retries": 0,
      "forbidOnly": true,
      "use": {
        "baseURL": "http://127.0.0.1:3000",
        "screenshot": "on",
        "trace": "on",
        "launchOptions": {
          "executablePath": "/usr/bin/chromium-headless-shell",
          "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-background-networking"
          ]
        }
      }
    };
    ",
    }
  `);
});

describe('a check fails', () => {
  test('when a test failed', async () => {
    const { said } = await checked({ browser: ran({ files: [junit(FAIL)] }, { exitCode: 1 }) });
    expect(said).toMatchObject({ verdict: 'failed', findings: [{ code: 'tests_failed' }] });
  });

  test('when the app never answered, with what it printed and without secrets', async () => {
    const browser = ran({ files: [] }, { exitCode: NOT_READY });
    const { said, running } = await checked({ browser });
    expect(said).toMatchObject({
      verdict: 'failed',
      findings: [
        {
          code: 'app_not_ready',
          message: 'the app did not answer on port 3000 within 30 s; it printed: listening\n***',
        },
        { code: 'no_tests' },
      ],
    });
    expect(running()).toBe(0);
  });

  test('when no test was executed', async () => {
    const { said } = await checked({ browser: ran({ files: [] }) });
    expect(said).toMatchObject({ verdict: 'failed', findings: [{ code: 'no_tests' }] });
  });

  test('when another file than the report of our configuration says that tests passed', async () => {
    const forged = { ...junit(PASS), name: 'specs/junit.xml' };
    const { said } = await checked({ browser: ran({ files: [forged] }) });
    expect(said).toMatchObject({ verdict: 'failed', findings: [{ code: 'no_tests' }] });
  });

  test.each([
    ['timed_out', 'check_timed_out'],
    ['oom', 'check_out_of_memory'],
  ] as const)('when the browser ended as %s', async (ended, code) => {
    const { said } = await checked({ browser: ran({}, { ended, exitCode: null }) });
    expect(said).toMatchObject({ verdict: 'failed', findings: [{ code }] });
  });
});

describe('the app is stopped', () => {
  test.each([
    ['the engine breaks under the browser', { browser: new Fault('engine_failed', 'gone') }],
    ['the browser vanishes', { browser: ran({}, { ended: 'lost', exitCode: null }) }],
  ])('when %s, and there is no verdict', async (_, world) => {
    const { said, running } = await checked(world);
    expect(said).toMatchObject({ code: 'engine_failed' });
    expect(running()).toBe(0);
  });

  test('and what stopping it threw does not hide what went wrong before', async () => {
    const world = {
      browser: new Fault('disk_full', 'full'),
      stop: new Fault('engine_failed', 'gone'),
    };
    expect((await checked(world)).said).toMatchObject({ code: 'disk_full' });
  });

  test('and never was up when it could not be started: no browser starts then', async () => {
    const { said, commands } = await checked({
      browser: ran(),
      app: new Fault('image_missing', 'x'),
    });
    expect(said).toMatchObject({ code: 'image_missing' });
    expect(commands).toEqual([]);
  });
});

test('pictures, traces, the report and the output of both are kept, and hidden files are not', async () => {
  const file = (name: string) => ({ name, bytes: Buffer.from(name) });
  const files = [junit(PASS), file('specs/a.png'), file('specs/trace.zip'), file('.last-run.json')];
  const { said, kept } = await checked({ browser: ran({ files }) });
  expect(said).toMatchObject({
    evidence: [
      { name: 'junit.xml' },
      { name: 'specs/a.png', mediaType: 'image/png' },
      { name: 'specs/trace.zip', mediaType: 'application/zip' },
      { name: 'output.txt' },
    ],
  });
  expect(kept.at(-1)).toBe('the last line\n\nWhat the app printed:\nlistening\n***');
});
