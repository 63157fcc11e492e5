/** What a change lets a workflow of GitHub do, whom it lets start one, and whose code runs in it. */
import { z } from 'zod';
import type { Data } from '../plain-data.ts';
import { compareFiles, type Finding, keyOf, shown, whatAppeared } from './compare.ts';
import type { Detector, FileChange, Firing } from './detector.ts';
import { grantsOf, NO_GRANTS, wideningsOf } from './permissions.ts';
import { expressionsIn, programsOf, readWorkflow, triggersOf, usesOf } from './workflow.ts';

const Options = z.strictObject({});
type Options = z.output<typeof Options>;

const WORKFLOWS = ['/.github/workflows/*.yml', '/.github/workflows/*.yaml'];
const ACTIONS = ['/.github/actions/**/action.yml', '/.github/actions/**/action.yaml'];

export const actionsPermissionsWidened: Detector<Options> = {
  summary: 'the token of a workflow or job may do more than before',
  paths: WORKFLOWS,
  options: Options,
  detect: ({ files }) => {
    const kept = files.filter(({ after }) => after !== null);
    return compareFiles(kept, readWorkflow, (before, after) => {
      const old = before ? grantsOf(before.value) : NO_GRANTS;
      return wideningsOf(old, grantsOf(after?.value)).map(({ job, what }) => {
        const path = job === null ? ['permissions'] : ['jobs', job];
        const holder = job === null ? 'workflow' : `job ${job}`;
        return {
          key: keyOf(`${holder} ${what}`),
          line: after?.line([...path, 'permissions']) ?? after?.line(path) ?? null,
          message: `The token of ${shown(holder)} may do more than before: ${shown(what)}.`,
        };
      });
    });
  },
};

const PRIVILEGED = ['pull_request_target', 'workflow_run'];

export const actionsPullRequestTarget: Detector<Options> = {
  summary: 'a workflow starts on an event of strangers and holds the secrets of the repository',
  paths: WORKFLOWS,
  options: Options,
  detect: ({ files }) => {
    return appeared(files, (data) => {
      const privileged = triggersOf(data).filter(({ name }) => PRIVILEGED.includes(name));
      return privileged.map(({ name, line }) => {
        const message = `Whoever opens a pull request starts this with our secrets: ${name}.`;
        return { key: name, line, message };
      });
    });
  },
};

export const actionsUnpinnedUse: Detector<Options> = {
  summary: 'an action or workflow of others is used by a name that its owner can move',
  paths: [...WORKFLOWS, ...ACTIONS],
  options: Options,
  detect: ({ files }) => {
    return appeared(files, (data) => {
      const unpinned = usesOf(data).filter(({ value }) => !isPinned(value));
      return unpinned.map(({ path, value }) => {
        const message = `\`${shown(value)}\` can become other code: name a commit by its full hash.`;
        return { key: keyOf(`uses ${value}`), line: data.line(path), message };
      });
    });
  },
};

function isPinned(uses: string): boolean {
  if (/^docker:\/\//i.test(uses)) return /@sha256:[0-9a-f]{64}$/.test(uses);
  return uses.startsWith('./') || /^[^@\s]+@[0-9a-f]{40}$/i.test(uses);
}

export const actionsRunInjection: Detector<Options> = {
  summary: 'text that strangers write becomes part of a script',
  paths: [...WORKFLOWS, ...ACTIONS],
  options: Options,
  detect: ({ files }) => {
    return appeared(files, (data) => {
      return programsOf(data).flatMap(({ path, key, value }) => {
        const tainted = expressionsIn(value).map(contextsOf).filter(isTainted);
        return tainted.map((expression) => {
          const message = `\`${shown(expression)}\` is put into a script before the shell reads it.`;
          return { key: keyOf(`${key} ${expression}`), line: data.line(path), message };
        });
      });
    });
  },
};

/** An expression in lower case without blanks, its texts left out and its `['a']` written `.a`. */
function contextsOf(expression: string): string {
  return expression
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/\['([\w-]+)'\]/g, '.$1')
    .replace(/'[^']*'/g, "''");
}

function isTainted(expression: string): boolean {
  // `github` or `inputs` as a whole, or by a name that is put together, holds everything below it.
  return /(^|[^\w.-])(github\.event(?![\w-])|github\.head_ref(?![\w-])|inputs(?![\w-])|github(?![\w.-]))/.test(
    expression,
  );
}

function appeared(files: readonly FileChange[], find: (data: Data) => Finding[]): Firing[] {
  return whatAppeared(files, (text) => {
    const data = readWorkflow(text);
    return 'unreadable' in data ? data : find(data);
  });
}
