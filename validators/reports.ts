/** The reports of one check, whatever their formats, as one. Pure. */
import type { OutFile } from '../orchestrator/ports.ts';
import { compileGlob } from '../policies/glob.ts';
import { readJunit } from './junit.ts';
import { type Problem, readSarif, type SarifReport } from './sarif.ts';
import { readTap } from './tap.ts';
import { NO_TESTS, type TestReport, together } from './test-report.ts';

/** Path-globs of report files, relative to the output folder. */
export type ReportGlobs = {
  readonly junit?: string | undefined;
  readonly tap?: string | undefined;
  readonly sarif?: string | undefined;
};

export type ReadReports = {
  /** Null where no report of tests was asked for. */
  readonly tests: TestReport | null;
  readonly problems: readonly Problem[];
  readonly unreadable: readonly string[];
  /** Why reports without tests do not show that their tool ran; empty where they do. */
  readonly notRun: readonly string[];
  /** The files that were read. */
  readonly files: readonly OutFile[];
};

export function readReports(globs: ReportGlobs, files: readonly OutFile[]): ReadReports {
  const junit = readAll(filesAt(globs.junit, files), readJunit);
  const tap = readAll(filesAt(globs.tap, files), readTap);
  const sarif = readAll(filesAt(globs.sarif, files), readSarif);
  const hasTests = globs.junit !== undefined || globs.tap !== undefined;
  return {
    tests: hasTests ? together([NO_TESTS, ...junit.read, ...tap.read]) : null,
    problems: sarif.read.flatMap(({ problems }) => problems),
    unreadable: [...junit.unreadable, ...tap.unreadable, ...sarif.unreadable],
    notRun: globs.sarif === undefined ? [] : whyNotRun(sarif, hasTests),
    files: [...new Set([...junit.files, ...tap.files, ...sarif.files])],
  };
}

/** Where tests were counted, they are what shows that the command did its work. */
function whyNotRun(sarif: AllRead<SarifReport>, hasTests: boolean): string[] {
  if (sarif.files.length === 0) return ['it left no SARIF report'];
  return hasTests ? [] : sarif.read.flatMap(({ notRun }) => notRun ?? []);
}

function filesAt(glob: string | undefined, files: readonly OutFile[]): readonly OutFile[] {
  if (glob === undefined) return [];
  const match = compileGlob(glob, { self: true });
  return files.filter(({ name }) => match(name));
}

type AllRead<R> = {
  readonly files: readonly OutFile[];
  readonly read: readonly R[];
  readonly unreadable: readonly string[];
};

function readAll<R extends object>(
  files: readonly OutFile[],
  read: (text: string) => R | { readonly unreadable: string },
): AllRead<R> {
  const all = files.map(({ name, bytes }) => ({
    name,
    report: read(Buffer.from(bytes).toString('utf8')),
  }));
  return {
    files,
    read: all.flatMap(({ report }) => ('unreadable' in report ? [] : [report])),
    unreadable: all.flatMap(({ name, report }) =>
      'unreadable' in report ? [`the report ${name} could not be read: ${report.unreadable}`] : [],
    ),
  };
}
