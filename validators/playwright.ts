/**
 * The `playwright` validator: the app in one sandbox, the browser in another, nothing else in reach.
 *
 *   base tree ─▶ app ◀─ our looks at its pages ──┐ pictures
 *   change    ─▶ app ◀─ our looks at its pages ◀─┘
 *                    ◀─ the repository's specs, in a browser sandbox of their own
 *
 * A browser shares the app's loopback and has no other network. Specs come from the sealed tree and are
 * run by a configuration of ours; looks at pages are made by a program in the image, in a sandbox that
 * runs nothing of the tree. Pictures and traces of every test are kept as evidence.
 */
import type { Finding } from '../orchestrator/domain/check.ts';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { Sha } from '../orchestrator/domain/ids.ts';
import type { CheckRequest, CheckRun, OutFile, Validator } from '../orchestrator/ports.ts';
import { cut } from './bounded-text.ts';
import { CHROMIUM } from './chromium.ts';
import { CHECK_ENV, checkOf, type Tools } from './command.ts';
import { screened } from './evidence/screen.ts';
import { keptOf } from './kept.ts';
import { type Judged, judgedPages, type Page } from './pages/compare.ts';
import { brokenEnd, lookCommand, namedFiles } from './pages/looking.ts';
import { type Look, readLooks } from './pages/report.ts';

export type PlaywrightDefinition = {
  readonly kind: 'playwright';
  readonly app: { readonly run: readonly string[]; readonly port: number };
  /** Folder of specs in the tree. */
  readonly tests: string;
  /** Looked at by us, beside the specs. */
  readonly pages: readonly Page[];
  /** In percent of a picture; null for a difference that is shown and fails nothing. */
  readonly visualFailAbove: number | null;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly minTests: number;
};

type Request = CheckRequest<PlaywrightDefinition>;

/** How long an app may take until it answers on its port. */
const READY_MS = 30_000;
/** Exit code of the sandbox's launcher when nothing answered. */
const NOT_READY = 75;
/** Of the time of the check, what the base may take. */
const BASE_SHARE = 0.4;
const LEAST_MS = 1_000;
const APP = { image: 'base', memoryBytes: 512 * 2 ** 20 } as const;

export function playwrightValidator(tools: Tools): Validator<PlaywrightDefinition> {
  return async (request, signal) => {
    const { id, definition } = request;
    const started = performance.now();
    const leftMs = (share = 1): number =>
      Math.max(LEAST_MS, Math.round(definition.timeoutMs * share - (performance.now() - started)));
    const base = await lookedAtBase(tools, request, leftMs(BASE_SHARE), signal);
    const { part, tree } = { part: `app-${id}`, tree: request.tree };
    const inside = { part, port: definition.app.port, waitMs: READY_MS };
    const app = await serve(tools, request, { part, tree, wallMs: leftMs() }, signal);
    try {
      const looked = await lookedAt(
        tools,
        request,
        { base, app: inside, wallMs: leftMs() },
        signal,
      );
      const isUsable = looked === null || brokenEnd(looked.ran) === null;
      const specs = isUsable
        ? await check(tools, request, specsCommand(id, inside, definition, leftMs()), signal)
        : null;
      const printed = (await app.stop()).tail;
      const wallMs = Math.round(performance.now() - started);
      return await told(tools, request, { base, looked, specs, printed, wallMs });
    } finally {
      await app.stop().catch(() => {});
    }
  };
}

type Serving = { readonly part: string; readonly tree: Sha | null; readonly wallMs: number };

function serve({ workspaces }: Tools, request: Request, serving: Serving, signal: AbortSignal) {
  const { place, plan, services, definition } = request;
  const { part, tree, wallMs } = serving;
  const command = {
    ...{ ...APP, part, role: 'app' as const, argv: definition.app.run, files: {} },
    env: { ...CHECK_ENV, PORT: String(definition.app.port) },
    ...{ wallMs, services, joins: null },
  };
  return workspaces.serve(place, tree, plan, command, signal);
}

type Command = Parameters<Tools['workspaces']['check']>[3];

/** A browser over the change; one that vanished says nothing of it. */
async function check(
  tools: Tools,
  { place, tree, plan, id }: Omit<Request, 'tree'> & { readonly tree: Sha | null },
  command: Command,
  signal: AbortSignal,
): Promise<CheckRun> {
  const ran = await tools.workspaces.check(place, tree, plan, command, signal);
  if (ran.end.ended === 'lost')
    throw new Fault('engine_failed', `the sandbox of validator "${id}" vanished while it ran`);
  return ran;
}

type Looked = {
  readonly ran: CheckRun;
  readonly looks: readonly Look[];
  readonly why: string | null;
};

/** Pages as they are at the base; null when none are asked for. */
async function lookedAtBase(
  tools: Tools,
  request: Request,
  wallMs: number,
  signal: AbortSignal,
): Promise<Looked | null> {
  const { id, definition } = request;
  if (definition.pages.length === 0) return null;
  const part = `app-base-${id}`;
  const inside = { part, port: definition.app.port, waitMs: READY_MS };
  const app = await serve(tools, request, { part, tree: null, wallMs }, signal);
  try {
    const command = { ...lookOf(request, inside, wallMs), part: `pages-base-${id}`, before: [] };
    const ran = await check(tools, { ...request, tree: null }, lookCommand(command), signal);
    await app.stop();
    return lookedIn(ran);
  } finally {
    await app.stop().catch(() => {});
  }
}

type Inside = { readonly part: string; readonly port: number; readonly waitMs: number };
type After = { readonly base: Looked | null; readonly app: Inside; readonly wallMs: number };

async function lookedAt(
  tools: Tools,
  request: Request,
  { base, app, wallMs }: After,
  signal: AbortSignal,
): Promise<Looked | null> {
  if (request.definition.pages.length === 0) return null;
  const before = base?.why === null ? base.ran.files : [];
  const command = { ...lookOf(request, app, wallMs), part: `pages-${request.id}`, before };
  return lookedIn(await check(tools, request, lookCommand(command), signal));
}

function lookOf({ definition: { pages, memoryBytes } }: Request, app: Inside, wallMs: number) {
  return { app, pages, memoryBytes, wallMs };
}

function lookedIn(ran: CheckRun): Looked {
  const broken = ran.end.exitCode === NOT_READY ? 'the app did not answer' : brokenEnd(ran);
  if (broken !== null) return { ran, looks: [], why: broken };
  const read = readLooks(ran.files);
  return 'unreadable' in read
    ? { ran, looks: [], why: read.unreadable }
    : { ran, looks: read.looks, why: null };
}

type Done = {
  readonly base: Looked | null;
  readonly looked: Looked | null;
  readonly specs: CheckRun | null;
  readonly printed: readonly string[];
  readonly wallMs: number;
};

async function told(tools: Tools, { id, definition }: Request, done: Done) {
  const { base, looked, specs, printed, wallMs } = done;
  const last = specs ?? looked?.ran;
  if (last === undefined) throw new Fault('internal', `validator "${id}" ran nothing`);
  const pages = pagesOf(definition, base, looked);
  const left = [base?.ran, looked?.ran, specs].reduce((sum, ran) => sum + (ran?.left ?? 0), 0);
  const { kept, notes } = keptOf(filesOf(done), left);
  const safe = await screened(kept, tools.redactBytes);
  const tail = [...(specs && looked ? looked.ran.tail : []), ...last.tail];
  const finding = ({ code, message, where }: Omit<Finding, 'validator'>): Finding => ({
    ...{ validator: id, code, message: cut(tools.redact(message), 2000) },
    ...(where === undefined ? {} : { where: tools.redact(where) }),
  });
  const notReady = last.end.exitCode === NOT_READY ? [neverAnswered(definition, printed)] : [];
  return checkOf(tools, {
    id,
    definition: { ...definition, image: 'browser' },
    ran: {
      ...last,
      end: { ...last.end, wallMs },
      tail: [...tail, '', 'What the app printed:', ...printed],
    },
    reports: (specs?.files ?? []).filter(({ name }) => name === 'junit.xml'),
    kept: safe.files,
    findings: [...notReady, ...pages.findings, ...safe.findings].map(finding),
    notes: [...pages.notes, ...notes, ...safe.notes].map(finding),
  });
}

function pagesOf(
  { pages, visualFailAbove }: PlaywrightDefinition,
  base: Looked | null,
  looked: Looked | null,
): Judged {
  // One whose sandbox did not end as it should is told by its end.
  if (looked === null || brokenEnd(looked.ran) !== null) return { findings: [], notes: [] };
  const code = 'page_not_seen';
  if (looked.why !== null) {
    const message = `what was seen of the pages cannot be read: ${looked.why}`;
    return { findings: [{ code, message, where: '/' }], notes: [] };
  }
  const before = base?.why === null ? base.looks : null;
  const judged = judgedPages({ pages, before, after: looked.looks, failAbove: visualFailAbove });
  if (before !== null || base === null) return judged;
  const message = `the pages of the base could not be looked at (${base.why}); every problem counts as new`;
  const note = { code: 'page_not_compared' as const, message, where: '/' };
  return { ...judged, notes: [note, ...judged.notes] };
}

/** Hidden files are a runner's own notes. */
function filesOf({ base, looked, specs }: Done): OutFile[] {
  const ofSpecs = (specs?.files ?? []).filter(({ name }) => !name.startsWith('.'));
  return [
    ...ofSpecs,
    ...namedFiles(looked?.ran.files ?? [], 'after'),
    ...namedFiles(base?.ran.files ?? [], 'before'),
  ];
}

function specsCommand(
  id: string,
  app: Inside,
  { tests, memoryBytes }: PlaywrightDefinition,
  wallMs: number,
): Command {
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
    files: { 'playwright.config.mjs': configOf(tests, app.port) },
    memoryBytes,
    wallMs,
    joins: app,
  };
}

/** One worker and no retry: a test that passes the second time only is a finding. */
function configOf(tests: string, port: number): string {
  const config = {
    testDir: `/workspace/${tests}`,
    outputDir: '/out/specs',
    reporter: [['junit', { outputFile: '/out/junit.xml' }], ['line']],
    workers: 1,
    retries: 0,
    forbidOnly: true,
    use: {
      baseURL: `http://127.0.0.1:${port}`,
      screenshot: 'on',
      trace: 'on',
      launchOptions: CHROMIUM,
    },
  };
  return `export default ${JSON.stringify(config, null, 2)};\n`;
}

function neverAnswered({ app: { port } }: PlaywrightDefinition, printed: readonly string[]) {
  const said = printed.slice(-8).join('\n') || 'nothing';
  const message = `the app did not answer on port ${port} within ${READY_MS / 1000} s; it printed: ${said}`;
  return { code: 'app_not_ready', message };
}
