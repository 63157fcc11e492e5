/**
 * The `command` validator: one argv in a fresh sandbox over the sealed tree, judged by its reports and
 * its exit code. A run that executed no test proves nothing and fails; where there are no tests to
 * count, a report that does not show that its tool was carried through leaves the verdict unknown.
 */
import { digestOf } from '../orchestrator/domain/canonical.ts';
import type { Check, EvidenceFile, Finding, Verdict } from '../orchestrator/domain/check.ts';
import type { FaultCode } from '../orchestrator/domain/faults.ts';
import { Fault } from '../orchestrator/domain/faults.ts';
import type {
  CheckRun,
  EvidenceStore,
  OutFile,
  Validator,
  Workspaces,
} from '../orchestrator/ports.ts';
import { cut } from './bounded-text.ts';
import { type ReadReports, type ReportGlobs, readReports } from './reports.ts';
import { type TestReport, testsFile } from './test-report.ts';
import { whatMatters } from './what-matters.ts';

export type CommandDefinition = {
  readonly kind: 'command';
  readonly run: readonly string[];
  /** One of our image names, or an image id. */
  readonly image: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly reports: ReportGlobs;
  readonly minTests: number;
};

export type Tools = {
  readonly workspaces: Workspaces;
  readonly evidence: EvidenceStore;
  readonly redact: (text: string) => string;
  readonly redactBytes: (bytes: Uint8Array) => Uint8Array;
};

/** More than this tells an agent nothing new. */
const FINDINGS_MAX = 20;
const NOTES_MAX = 40;

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
    const read = readReports(definition.reports, ran.files);
    // What was not read may be the report of what failed.
    const message = `${ran.left} files of its output were too many or too large to be read`;
    const findings = (ran.left ?? 0) > 0 ? [{ validator: id, code: 'check_unknown', message }] : [];
    return checkOf(tools, { id, definition, ran, reports: read, kept: read.files, findings });
  };
}

export const CHECK_ENV = { CI: '1', PROOFHOUSE_OUT: '/out' } as const;

type Inspected = {
  readonly id: string;
  readonly definition:
    | CommandDefinition
    | (Omit<CommandDefinition, 'kind' | 'run' | 'reports'> & { readonly kind: string });
  readonly ran: CheckRun;
  /** Files are read as JUnit. */
  readonly reports: ReadReports | readonly OutFile[];
  /** Files worth keeping as evidence. */
  readonly kept: readonly OutFile[];
  /** Findings known before the reports were read. */
  readonly findings?: readonly Finding[];
  /** What is said beside the verdict. */
  readonly notes?: readonly Finding[];
};

export async function checkOf(
  tools: Tools,
  { id, definition, ran, reports, kept, findings = [], notes = [] }: Inspected,
): Promise<Check> {
  if (ran.end.ended === 'lost') {
    throw new Fault('engine_failed', `the sandbox of validator "${id}" vanished while it ran`);
  }
  const told = (code: FaultCode, message: string): Finding => ({
    validator: id,
    code,
    message: cut(tools.redact(message), 2000),
  });
  const read = 'files' in reports ? reports : readReports(JUNIT, reports);
  const found = [...findings, ...reportFindings(told, read)];
  const all = [
    ...found,
    ...endFindings(told, ran, definition, found.length),
    ...(read.tests === null ? [] : countFindings(told, read.tests.tests.run, definition)),
    ...read.notRun.map((why) => told('check_unknown', `nobody knows what it looked at: ${why}`)),
  ];
  return {
    validator: id,
    kind: definition.kind,
    definition: digestOf('validator', JSON.parse(JSON.stringify(definition))),
    verdict: verdictOf(all),
    tests: read.tests?.tests ?? null,
    findings: all.slice(0, FINDINGS_MAX),
    ...(notes.length === 0 ? {} : { notes: notes.slice(0, NOTES_MAX) }),
    evidence: await keep(tools, [...kept, ...namesOf(read.tests)], ran.tail),
    wallMs: ran.end.wallMs,
    tries: 1,
    cachedFrom: null,
    advisory: false,
  };
}

/** What only nobody knows fails nothing, and passes nothing. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.length === 0) return 'passed';
  return findings.every(({ code }) => code === 'check_unknown') ? 'unknown' : 'failed';
}

/** Where a validator has files of one format only. */
const JUNIT: ReportGlobs = { junit: '**' };

type Told = (code: FaultCode, message: string) => Finding;

function reportFindings(told: Told, read: ReadReports): Finding[] {
  return [
    ...read.unreadable.map((why) => told('check_failed', why)),
    ...(read.tests?.failures ?? []).map(({ name, message }) =>
      told('tests_failed', `${name}: ${whatMatters(message.split('\n'))}`),
    ),
    ...read.problems.map(({ message, where }) => ({
      ...told('check_failed', message),
      ...(where === null ? {} : { where }),
    })),
  ];
}

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
  return [told('check_failed', `it ended with exit code ${end.exitCode}:\n${whatMatters(tail)}`)];
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

/** A file of this name that the check left would be taken for ours. */
export const NAMES_FILE = 'tests.json';

function namesOf(tests: TestReport | null): OutFile[] {
  return tests === null ? [] : [{ name: NAMES_FILE, bytes: Buffer.from(testsFile(tests.names)) }];
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
  const named = new Map([...files, output].map((file) => [file.name, file]));
  return Promise.all(
    [...named.values()].map(async ({ name, bytes: found }) => {
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
