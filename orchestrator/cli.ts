/** The command line's edge. The only file that reads the environment; everything else is handed what it needs. */
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Context } from './commands/context.ts';
import { SHOP_MODELS } from './commands/demo-shop.ts';
import { personNamed } from './commands/names.ts';
import { loadPolicies } from './commands/policy.ts';
import {
  chooseModel,
  type ModelChoice,
  openFactory,
  openLedgers,
  openLocal,
  openModel,
  openReading,
  openSignatures,
} from './compose.ts';
import { asFault } from './domain/faults.ts';
import { buildProgram, type Global } from './program.ts';
import { faultText } from './text/fault.ts';

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
/** Not among the platform's data: who tries the demo finds everything of it in the checkout. */
const DEMO_HOME = path.join(CHECKOUT, '.demo');
const STOPPED = 130;
const USAGE = 2;

const environment: Readonly<Record<string, string | undefined>> = process.env;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
}

const program = buildProgram(async (command) => {
  const context = contextOf(program.opts<Global>());
  process.exitCode = await command(context);
});

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

function contextOf(global: Global): Context {
  const home = path.resolve(
    global.home ?? (global.demo ? DEMO_HOME : (environment['PROOFHOUSE_HOME'] ?? defaultHome())),
  );
  const clock = (): Date => new Date();
  // The demo tells people to start a controller by hand, and they need no key for that either.
  const model = (scripted: string | null): ModelChoice =>
    chooseModel(environment, scripted ?? (global.demo ? SHOP_MODELS : null));
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
    ledgers: (folder = home) => openLedgers(folder, clock),
    signatures: (folder = home) => openSignatures(folder, clock),
    reading: () => openReading(home),
    orgPolicies: global.orgPolicy ?? [],
    local: openLocal,
    model,
    factory: async (scripted) => {
      const upstream = await openModel(model(scripted));
      const above = await loadPolicies(process.cwd(), global.orgPolicy ?? []);
      return openFactory({ home, model: upstream, secrets: secrets(), above, clock });
    },
  };
}

/** Values of the environment that must never be stored, whoever prints them. */
function secrets(): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && value.length >= 8 && /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i.test(name)
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
