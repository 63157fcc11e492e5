/** One change to an app, made by a script, and what the browser's check says of it. */
import path from 'node:path';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { Check } from '../../../orchestrator/domain/check.ts';
import type { ValidatorRule } from '../../../policies/schema.ts';
import { type Attempts, attemptsOn, sh } from '../sandbox/attempt.ts';

const signal = new AbortController().signal;
const GIB = 2 ** 30;

type Rule = Extract<ValidatorRule, { readonly kind: 'playwright' }>;

type Checking = {
  readonly attempts: Attempts;
  /** Of the tree that this script makes of the base. */
  check(script: string, over?: Partial<Rule>): Promise<Check>;
};

export async function checkingOn(factory: Factory, repository: string): Promise<Checking> {
  const attempts = await attemptsOn(factory, repository);
  return {
    attempts,
    check: async (script, over = {}) => {
      const place = await attempts.open();
      await attempts.work(place, sh(script));
      const sealed = await attempts.seal(place);
      if ('refused' in sealed) throw new Error(sealed.refused.join());
      const definition = { ...DEFINITION, ...over };
      const asked = { place, tree: sealed.tree, plan: null, id: 'e2e', services: [] };
      return factory.tools.validators.playwright({ ...asked, definition }, signal);
    },
  };
}

const DEFINITION: Rule = {
  kind: 'playwright',
  app: { run: ['node', 'app.mjs'], port: 3000 },
  tests: 'e2e/',
  pages: [{ name: 'home', path: '/' }],
  visualFailAbove: null,
  timeoutMs: 180_000,
  memoryBytes: GIB,
  minTests: 1,
  requiredFor: [],
  testsFrom: 'head',
};

/** An app of one page, which says of a place whether something is there. */
export const APP_FILES = {
  'page.html': `<!doctype html><html lang="en"><head><title>One page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>
<body><main><h1>One page</h1><p><button>Press</button></p></main></body></html>`,
  'app.mjs': `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
for (const folder of ['/tmp', '/home/agent', '/dev/shm']) writeFileSync(folder + '/of-the-app', 'x');
http.createServer(({ url }, answer) => {
  const { pathname, searchParams } = new URL(url, 'http://app');
  if (pathname === '/there') return answer.end(String(existsSync(searchParams.get('file'))));
  if (pathname !== '/') return answer.writeHead(404).end();
  answer.setHeader('content-type', 'text/html').end(readFileSync('page.html'));
}).listen(3000, '127.0.0.1');
`,
  'e2e/apart.spec.mjs': `import { existsSync, writeFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
const there = async (request, file) => (await request.get('/there?file=' + file)).text();
test('what the browser writes is not there for the app', async ({ request }) => {
  for (const folder of ['/tmp', '/home/agent', '/dev/shm', '/workspace', '/out']) {
    writeFileSync(folder + '/of-the-browser', 'x');
    expect(await there(request, folder + '/of-the-browser'), folder).toBe('false');
  }
});
test('what the app writes is not there for the browser', async ({ request }) => {
  for (const folder of ['/tmp', '/home/agent', '/dev/shm']) {
    expect(await there(request, folder + '/of-the-app'), folder).toBe('true');
    expect(existsSync(folder + '/of-the-app'), folder).toBe(false);
  }
});
`,
} as const;

export const repositoryFolder = (factory: Factory): string => path.join(factory.home, 'one-page');
