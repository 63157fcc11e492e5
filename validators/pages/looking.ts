/**
 * Opens pages of an app in the browser's sandbox: the program and all that it needs are in the image, so
 * that nothing of the tree decides what is looked at.
 */
import type { CheckCommand, CheckRun, OutFile } from '../../orchestrator/ports.ts';
import { CHROMIUM } from '../chromium.ts';
import type { Page } from './compare.ts';
import { REPORT_FILE } from './report.ts';

/** Pictures of the base are handed over with the command, which is one file. */
const BEFORE_BYTES_MAX = 16 * 2 ** 20;

type Looking = {
  readonly part: string;
  /** Part and port of the app. */
  readonly app: { readonly part: string; readonly port: number; readonly waitMs: number };
  readonly pages: readonly Page[];
  readonly before: readonly OutFile[];
  readonly memoryBytes: number;
  readonly wallMs: number;
};

export function lookCommand(looking: Looking): CheckCommand {
  const { part, app, pages, before, memoryBytes, wallMs } = looking;
  const asked = {
    ...{ origin: `http://127.0.0.1:${app.port}`, pages, browser: CHROMIUM },
    before: pictures(before),
  };
  return {
    ...{ part, role: 'browser', image: 'browser' },
    argv: ['/usr/local/bin/node', '/opt/proofhouse/look.mjs'],
    env: { CI: '1' },
    files: { [REPORT_FILE]: JSON.stringify(asked) },
    ...{ memoryBytes, wallMs, joins: app },
  };
}

/** By the name of page and width; those that are too much are left out, and their pages not compared. */
function pictures(files: readonly OutFile[]): Record<string, string> {
  let bytes = 0;
  const found = files.flatMap(({ name, bytes: content }) => {
    const of = /^pages\/([a-z0-9-]+)\.png$/.exec(name)?.[1];
    if (of === undefined || bytes + content.length > BEFORE_BYTES_MAX) return [];
    bytes += content.length;
    return [[of, Buffer.from(content).toString('base64')] as const];
  });
  return Object.fromEntries(found);
}

/** As they are kept: what is there twice says of which side it is. */
export function namedFiles(files: readonly OutFile[], side: 'before' | 'after'): OutFile[] {
  return files.flatMap(({ name, bytes }) => {
    if (name === REPORT_FILE) return [{ name: `pages/report-${side}.json`, bytes }];
    const [, page, diff] = /^pages\/([a-z0-9-]+?)(-diff)?\.png$/.exec(name) ?? [];
    if (page === undefined) return [];
    return [{ name: diff ? name : `pages/${page}-${side}.png`, bytes }];
  });
}

/** Why there is nothing to read; null when it ended as it should. */
export function brokenEnd({ end }: Pick<CheckRun, 'end'>): string | null {
  if (end.ended === 'timed_out') return 'they took too long';
  if (end.ended === 'oom') return 'they needed more memory than there is';
  return end.exitCode === 0 ? null : `it ended with exit code ${end.exitCode}`;
}
