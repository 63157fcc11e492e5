/** The command line's edge. The only file that reads the environment; everything else is handed what it needs. */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Context, Exit } from './commands/context.ts';
import { SHOP_MODELS } from './commands/demo-shop.ts';
import type { ModelChoice } from './compose.ts';
import { asFault, Fault } from './domain/faults.ts';
import type { Global } from './program.ts';
import { faultText } from './text/fault.ts';

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
/** Not among the platform's data: who tries the demo finds everything of it in the checkout. */
const DEMO_HOME = path.join(CHECKOUT, '.demo');
const STOPPED = 130;
const USAGE = 2;

// What is loaded from here on was compiled the last time; so little is imported above. The cache is
// not in a folder that others write to: whoever writes there would run as us.
enableCompileCache(path.join(CHECKOUT, 'node_modules', '.cache', 'compile'));
const { buildProgram } = await import('./program.ts');
const { personNamed } = await import('./commands/names.ts');

const environment: Readonly<Record<string, string | undefined>> = process.env;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
}

const program = buildProgram(
  async (command) => {
    await perform(command, await import('./compose.ts'));
  },
  (command) => perform(command, null),
);

// Whoever reads us may stop reading, as in `run list | head`; that is no fault of anybody's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = ended(error);
}

type Rooms = typeof import('./compose.ts');

async function perform(
  command: (context: Context) => Promise<Exit>,
  rooms: Rooms | null,
): Promise<void> {
  process.exitCode = await command(contextOf(program.opts<Global>(), rooms));
}

/** Without rooms there is a context for questions about policies, which need a repository at most. */
function contextOf(global: Global, loaded: Rooms | null): Context {
  const rooms = (): Rooms => {
    if (loaded === null) throw new TypeError('a question about policies opens no store or model');
    return loaded;
  };
  const home = path.resolve(
    global.home ?? (global.demo ? DEMO_HOME : (environment['PROOFHOUSE_HOME'] ?? defaultHome())),
  );
  const clock = (): Date => new Date();
  // The demo tells people to start a controller by hand, and they need no key for that either.
  const model = (scripted: string | null): ModelChoice =>
    rooms().chooseModel(environment, scripted ?? (global.demo ? SHOP_MODELS : null));
  return {
    home,
    demoHome: global.home === undefined ? DEMO_HOME : home,
    cwd: process.cwd(),
    json: global.json ?? false,
    command: [
      environment['PROOFHOUSE_COMMAND'] ?? 'proofhouse',
      ...(global.demo ? ['--demo'] : []),
    ].join(' '),
    person: () =>
      personNamed(
        userInfo()
          .username.toLowerCase()
          .replaceAll(/[^a-z0-9._-]/g, '-'),
      ),
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    signal: stop.signal,
    clock,
    ledgers: (folder = home) => rooms().openLedgers(folder, clock, secrets()),
    signatures: (folder = home) => rooms().openSignatures(folder, clock),
    reading: () => rooms().openReading(home),
    redact: (text) => rooms().textRedactor(secrets())(text),
    audit: () => rooms().openAudit(home, clock),
    orgPolicies: global.orgPolicy ?? [],
    local: async (folder) => (await import('./compose.ts')).openLocal(folder),
    model,
    factory: async (scripted, runtime) => {
      const [usual, ...models] = await rooms().openModels(model(scripted));
      if (usual === undefined) throw new Fault('model_unavailable', 'there is no model');
      const { loadPolicies } = await import('./commands/policy.ts');
      const above = await loadPolicies(process.cwd(), global.orgPolicy ?? []);
      const opened = { home, model: usual, models, secrets: secrets(), above, clock, runtime };
      return rooms().openFactory(opened);
    },
  };
}

/** Values of the environment that must never be stored, whoever prints them. */
function secrets(): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined &&
    value.length >= 8 &&
    /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i.test(name) &&
    // The name of a file is none; taken out, it would garble every path below it.
    !existsSync(value)
      ? [value]
      : [],
  );
}

function defaultHome(): string {
  return path.join(
    environment['XDG_DATA_HOME'] ?? path.join(homedir(), '.local', 'share'),
    'proofhouse',
  );
}

/** A fault says its own exit code. The parser's errors were printed when it found them. */
function ended(error: unknown): number {
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  if (typeof code === 'string' && code.startsWith('commander.')) return exitCode === 0 ? 0 : USAGE;
  if (stop.signal.aborted) return STOPPED;
  const fault = asFault(error);
  process.stderr.write(`${faultText(fault)}\n`);
  return fault.exit;
}
