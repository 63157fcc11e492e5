import { describe, expect, test } from 'vitest';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { CheckCommand, CheckRun, Workspaces } from '../../orchestrator/ports.ts';
import { type PlaywrightDefinition, playwrightValidator } from '../../validators/playwright.ts';
import { FAIL, junit, PASS, REQUEST, ran, SIGNAL, toolsWith } from './checks.ts';
import { zipOf } from './evidence/zip.ts';

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
      { name: 'tests.json' },
      { name: 'output.txt' },
    ],
  });
  expect(kept.at(-1)).toBe('the last line\n\nWhat the app printed:\nlistening\n***');
});

describe('pages', () => {
  const PAGES = { ...DEFINITION, pages: [{ name: 'cart', path: '/cart' }] };
  const WIDE = { code: 'page_overflow', key: 'sideways', message: 'too wide', count: 1 };
  const PICTURE = { name: 'pages/cart-phone.png', bytes: Buffer.from('a picture') };
  const looks = (problems: readonly object[] = []) => {
    const one = { name: 'cart', picture: null, change: null, cut: [], unseen: [], problems };
    const both = ['desktop', 'phone'].map((width) => ({ ...one, width }));
    const bytes = Buffer.from(JSON.stringify({ version: 1, looks: both }));
    return ran({ files: [{ name: 'pages.json', bytes }, PICTURE], tail: ['looked'] });
  };
  type Parts = Partial<Record<'pages-base-e2e' | 'pages-e2e' | 'check-e2e', CheckRun>>;

  /** What came of each browser by its name; what is asked of an app that is not up throws. */
  async function looked(parts: Parts, definition = PAGES) {
    const up = new Set<string>();
    const asked: { command: CheckCommand; tree: unknown }[] = [];
    const workspaces: Partial<Workspaces> = {
      serve: async (_place, tree, _plan, command) => {
        asked.push({ command, tree });
        up.add(command.part);
        return {
          stop: async () => {
            up.delete(command.part);
            return APP_SAID;
          },
        };
      },
      check: async (_place, tree, _plan, command) => {
        asked.push({ command, tree });
        if (!up.has(command.joins?.part ?? '')) throw new Error('the app is not up');
        const given = {
          'pages-base-e2e': looks(),
          'pages-e2e': looks(),
          'check-e2e': ran(),
          ...parts,
        };
        return given[command.part as keyof Parts] ?? ran();
      },
    };
    const { tools } = toolsWith(workspaces);
    const said = await playwrightValidator(tools)({ ...REQUEST, id: 'e2e', definition }, SIGNAL);
    return { said, asked, parts: asked.map(({ command }) => command.part), up };
  }
  const NOT_UP = ran({ files: [] }, { exitCode: NOT_READY });

  test('are looked at on the base and on the change, each with an app of its own, before the specs run', async () => {
    const { said, asked, parts, up } = await looked({});
    expect(parts).toEqual(['app-base-e2e', 'pages-base-e2e', 'app-e2e', 'pages-e2e', 'check-e2e']);
    expect(asked.map(({ tree }) => tree)).toEqual([null, null, ...Array(3).fill(REQUEST.tree)]);
    expect(up.size).toBe(0);
    expect(said).toMatchObject({ verdict: 'passed', findings: [], tests: { run: 2 } });
  });

  test('by a program of the image, told what to open and how it looked before', async () => {
    const { asked } = await looked({});
    const command = asked[3]?.command;
    expect(command?.argv).toEqual(['/usr/local/bin/node', '/opt/proofhouse/look.mjs']);
    expect(JSON.parse(command?.files['pages.json'] ?? '')).toMatchObject({
      origin: 'http://127.0.0.1:3000',
      pages: PAGES.pages,
      before: { 'cart-phone': PICTURE.bytes.toString('base64') },
    });
  });

  test('fail the check when the change made them worse, and are said when they were so', async () => {
    const worse = await looked({ 'pages-e2e': looks([WIDE]) });
    expect(worse.said).toMatchObject({
      verdict: 'failed',
      findings: [{ code: 'page_overflow', validator: 'e2e', where: '/cart' }],
    });
    const same = await looked({ 'pages-base-e2e': looks([WIDE]), 'pages-e2e': looks([WIDE]) });
    expect(same.said).toMatchObject({ verdict: 'passed', notes: [{ code: 'page_overflow' }] });
  });

  test('of a base that does not start count as new, and that is said', async () => {
    const { said } = await looked({ 'pages-base-e2e': NOT_UP, 'pages-e2e': looks([WIDE]) });
    expect(said).toMatchObject({
      findings: [{ code: 'page_overflow' }],
      notes: [{ code: 'page_not_compared', message: expect.stringContaining('did not answer') }],
    });
  });

  test('whose report is missing or forged fail the check, though every spec passed', async () => {
    const { said } = await looked({ 'pages-e2e': ran({ files: [junit(PASS)] }) });
    expect(said).toMatchObject({ verdict: 'failed', findings: [{ code: 'page_not_seen' }] });
  });

  test('of an app that never answers are told once, and no spec is started', async () => {
    const { said, parts } = await looked({ 'pages-e2e': NOT_UP });
    expect(parts).not.toContain('check-e2e');
    expect(said).toMatchObject({ findings: [{ code: 'app_not_ready' }, { code: 'no_tests' }] });
  });

  test('that take too long end the check as too long', async () => {
    const late = ran({ files: [] }, { ended: 'timed_out', exitCode: null });
    const { said } = await looked({ 'pages-e2e': late });
    expect(said).toMatchObject({
      verdict: 'failed',
      findings: [{ code: 'check_timed_out' }, { code: 'no_tests' }],
    });
  });

  test('are kept as they were and as they are', async () => {
    const { said } = await looked({});
    expect(said.evidence.map(({ name }) => name)).toEqual([
      ...['junit.xml', 'pages/report-after.json', 'pages/report-before.json'],
      ...['pages/cart-phone-after.png', 'pages/cart-phone-before.png'],
      ...['tests.json', 'output.txt'],
    ]);
  });

  test('are given at most the time of the check, and the base less than half of it', async () => {
    const { asked } = await looked({});
    const walls = asked.map(({ command }) => command.wallMs);
    expect(Math.max(...walls.slice(0, 2))).toBeLessThanOrEqual(PAGES.timeoutMs * 0.4);
    expect(Math.max(...walls)).toBeLessThanOrEqual(PAGES.timeoutMs);
  });
});

test('a trace that holds a secret is withheld, and fails the check', async () => {
  const trace = zipOf({ name: 'trace.network', content: 'password hunter2' });
  const files = [junit(PASS), { name: 'specs/a/trace.zip', bytes: trace }];
  const { said } = await checked({ browser: ran({ files }) });
  expect(said).toMatchObject({
    verdict: 'failed',
    findings: [{ code: 'evidence_secret', message: expect.stringContaining('specs/a/trace.zip') }],
    evidence: [{ name: 'junit.xml' }, { name: 'tests.json' }, { name: 'output.txt' }],
  });
});
