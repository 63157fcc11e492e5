/**
 * The `command` validator: one argv in a fresh sandbox over the sealed tree, judged by its JUnit report
 * and its exit code. A run that executed no test proves nothing and fails.
 */
import { digestOf } from '../orchestrator/domain/canonical.ts';
import type { Check, EvidenceFile, Finding } from '../orchestrator/domain/check.ts';
import type { FaultCode } from '../orchestrator/domain/faults.ts';
import { Fault } from '../orchestrator/domain/faults.ts';
import type {
  CheckRun,
  EvidenceStore,
  OutFile,
  Validator,
  Workspaces,
} from '../orchestrator/ports.ts';
import { compileGlob } from '../policies/glob.ts';
import { readJunit } from './junit.ts';

export type CommandDefinition = {
  readonly kind: 'command';
  readonly run: readonly string[];
  /** One of our image names, or an image id. */
  readonly image: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** `junit`: path-glob of report files, relative to the output folder. */
  readonly reports: { readonly junit: string };
  readonly minTests: number;
};

export type Tools = {
  readonly workspaces: Workspaces;
  readonly evidence: EvidenceStore;
  readonly redact: (text: string) => string;
};

/** More than this tells an agent nothing new. */
const FINDINGS_MAX = 20;
const TAIL_LINES = 15;

export function commandValidator(tools: Tools): Validator<CommandDefinition> {
  return async ({ place, tree, plan, id, services, definition }, signal) => {
    const ran = await tools.workspaces.check(
      place,
      tree,
      plan,
      {
        part: `check-${id}`,
        role: 'validator',
        image: definition.image,
        argv: definition.run,
        env: CHECK_ENV,
        files: {},
        memoryBytes: definition.memoryBytes,
        wallMs: definition.timeoutMs,
        services,
        joins: null,
      },
      signal,
    );
    const match = compileGlob(definition.reports.junit, { self: true });
    const reports = ran.files.filter(({ name }) => match(name));
    return checkOf(tools, { id, definition, ran, reports, kept: reports });
  };
}

export const CHECK_ENV = { CI: '1', PROOFHOUSE_OUT: '/out' } as const;

type Inspected = {
  readonly id: string;
  readonly definition:
    | CommandDefinition
    | (Omit<CommandDefinition, 'kind' | 'run' | 'reports'> & { readonly kind: string });
  readonly ran: CheckRun;
  readonly reports: readonly OutFile[];
  /** Files worth keeping as evidence. */
  readonly kept: readonly OutFile[];
  /** Findings known before the reports were read. */
  readonly findings?: readonly Finding[];
};

export async function checkOf(
  tools: Tools,
  { id, definition, ran, reports, kept, findings = [] }: Inspected,
): Promise<Check> {
  if (ran.end.ended === 'lost') {
    throw new Fault('engine_failed', `the sandbox of validator "${id}" vanished while it ran`);
  }
  const told = (code: FaultCode, message: string): Finding => ({
    validator: id,
    code,
    message: tools.redact(message).slice(0, 2000),
  });
  const read = readReports(reports);
  const found = [
    ...findings,
    ...read.unreadable.map((why) => told('check_failed', why)),
    ...read.failures.map(({ name, message }) => told('tests_failed', `${name}: ${message}`)),
  ];
  const all = [
    ...found,
    ...endFindings(told, ran, definition, found.length),
    ...countFindings(told, read.tests.run, definition),
  ];
  return {
    validator: id,
    kind: definition.kind,
    definition: digestOf('validator', JSON.parse(JSON.stringify(definition))),
    verdict: all.length === 0 ? 'passed' : 'failed',
    tests: read.tests,
    findings: all.slice(0, FINDINGS_MAX),
    evidence: await keep(tools, kept, ran.tail),
    wallMs: ran.end.wallMs,
    cachedFrom: null,
    advisory: false,
  };
}

type Told = (code: FaultCode, message: string) => Finding;

function endFindings(
  told: Told,
  { end, tail }: CheckRun,
  definition: Inspected['definition'],
  explained: number,
): Finding[] {
  if (end.ended === 'timed_out')
    return [told('check_timed_out', `it did not end within ${definition.timeoutMs / 1000} s`)];
  if (end.ended === 'oom')
    return [told('check_out_of_memory', `it needed more than ${definition.memoryBytes} bytes`)];
  if (end.exitCode === 0 || explained > 0) return [];
  return [
    told(
      'check_failed',
      `it ended with exit code ${end.exitCode}:\n${tail.slice(-TAIL_LINES).join('\n')}`,
    ),
  ];
}

function countFindings(told: Told, run: number, { minTests }: Inspected['definition']): Finding[] {
  if (run >= minTests) return [];
  return [
    told(
      'no_tests',
      run === 0
        ? 'no test was executed'
        : `${run} tests ran; the policy asks for at least ${minTests}`,
    ),
  ];
}

function readReports(files: readonly OutFile[]) {
  const tests = { run: 0, failed: 0, skipped: 0, flaky: 0 };
  const failures: { name: string; message: string }[] = [];
  const unreadable: string[] = [];
  for (const { name, bytes } of files) {
    const report = readJunit(Buffer.from(bytes).toString('utf8'));
    if ('unreadable' in report) {
      unreadable.push(`the report ${name} could not be read: ${report.unreadable}`);
      continue;
    }
    tests.run += report.tests.run;
    tests.failed += report.tests.failed;
    tests.skipped += report.tests.skipped;
    failures.push(...report.failures);
  }
  return { tests, failures, unreadable };
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  xml: 'application/xml',
  json: 'application/json',
  png: 'image/png',
  webm: 'video/webm',
  zip: 'application/zip',
  html: 'text/html',
  txt: 'text/plain',
};

async function keep(
  tools: Tools,
  files: readonly OutFile[],
  tail: readonly string[],
): Promise<EvidenceFile[]> {
  const output = { name: 'output.txt', bytes: Buffer.from(tail.join('\n')) };
  return Promise.all(
    [...files, output].map(async ({ name, bytes: found }) => {
      const mediaType = MEDIA_TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
      const bytes = redacted(tools, found);
      return { name, digest: await tools.evidence.put(bytes), bytes: bytes.length, mediaType };
    }),
  );
}

/** What is text goes into the store without secrets; what is none stays as it is. */
function redacted({ redact }: Tools, bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text).equals(bytes) ? Buffer.from(redact(text)) : bytes;
}
