/** Every detector by its id, and what is wrong with a rule that names one. */
import { nearest } from '../nearest.ts';
import {
  actionsPermissionsWidened,
  actionsPullRequestTarget,
  actionsRunInjection,
  actionsUnpinnedUse,
} from './actions.ts';
import { checksSuppressed } from './checks-suppressed.ts';
import type { Detector, Firing, Subject } from './detector.ts';
import { dockerBaseChanged, dockerPrivileged } from './docker.ts';
import {
  agentInstructionsChanged,
  binaryAdded,
  dotDirectoryAdded,
  gitControlChanged,
  lfsPointerChanged,
  modeExecutable,
  submoduleChanged,
  symlinkAdded,
} from './entries.ts';
import { iamWidened, k8sPrivileged, terraformResourceRemoved } from './iac.ts';
import { lockfileOrphan } from './lockfile.ts';
import {
  npmDependencyAdded,
  npmDependencyChanged,
  npmDependencyRemoved,
  npmLifecycleScriptChanged,
} from './npm.ts';
import { npmResolutionChanged } from './npm-resolution.ts';
import { secretAdded } from './secret-added.ts';
import { sqlDestructive } from './sql.ts';
import { testsWeakened } from './tests-weakened.ts';
import { compileTextRule } from './text-rule.ts';
import { unicodeDeceptive } from './unicode-deceptive.ts';

/** A detector whose options are checked where they come in. */
export type Registered = Pick<Detector, 'summary' | 'paths'> & {
  readonly options: Detector['options'];
  /** Throws on options that `detectorProblems` has something against. */
  fire(subject: Subject, options: unknown): Firing[];
};

function registered<Options>(id: string, detector: Detector<Options>): [string, Registered] {
  const { summary, paths, options } = detector;
  const fire = (subject: Subject, given: unknown): Firing[] =>
    detector.detect(subject, options.parse(given ?? {}));
  return [id, { summary, paths, options, fire }];
}

export const DETECTORS: ReadonlyMap<string, Registered> = new Map([
  registered('actions.permissions-widened', actionsPermissionsWidened),
  registered('actions.pull-request-target', actionsPullRequestTarget),
  registered('actions.run-injection', actionsRunInjection),
  registered('actions.unpinned-use', actionsUnpinnedUse),
  registered('agent-instructions.changed', agentInstructionsChanged),
  registered('binary.added', binaryAdded),
  registered('checks.suppressed', checksSuppressed),
  registered('docker.base-changed', dockerBaseChanged),
  registered('docker.privileged', dockerPrivileged),
  registered('dot-directory.added', dotDirectoryAdded),
  registered('git-control.changed', gitControlChanged),
  registered('iam.widened', iamWidened),
  registered('k8s.privileged', k8sPrivileged),
  registered('lfs.pointer-changed', lfsPointerChanged),
  registered('lockfile.orphan', lockfileOrphan),
  registered('mode.executable', modeExecutable),
  registered('npm.dependency-added', npmDependencyAdded),
  registered('npm.dependency-changed', npmDependencyChanged),
  registered('npm.dependency-removed', npmDependencyRemoved),
  registered('npm.lifecycle-script-changed', npmLifecycleScriptChanged),
  registered('npm.resolution-changed', npmResolutionChanged),
  registered('secret.added', secretAdded),
  registered('sql.destructive', sqlDestructive),
  registered('submodule.changed', submoduleChanged),
  registered('symlink.added', symlinkAdded),
  registered('terraform.resource-removed', terraformResourceRemoved),
  registered('tests.weakened', testsWeakened),
  registered('unicode.deceptive', unicodeDeceptive),
]);

/** Detectors that also read what commits in between brought and took back. */
export const HISTORY_READERS: ReadonlySet<string> = new Set(['secret.added']);

export type RuleProblem = {
  readonly path: (string | number)[];
  readonly message: string;
  readonly code: string;
};

export function detectorProblems(id: string, options: unknown): RuleProblem[] {
  const detector = DETECTORS.get(id);
  if (detector === undefined) {
    const known = [...DETECTORS.keys()];
    const guess = nearest(id, known);
    const hint = guess === null ? `known: ${known.join(', ')}` : `did you mean \`${guess}\`?`;
    return [{ path: ['detect'], message: `unknown detector \`${id}\`; ${hint}`, code: 'P0103' }];
  }
  const read = detector.options.safeParse(options ?? {});
  return (read.error?.issues ?? []).map(({ path, message }) => ({
    path: ['with', ...path.map((step) => (typeof step === 'symbol' ? String(step) : step))],
    message,
    code: 'P0104',
  }));
}

/** What is wrong with the expressions of a text rule: RE2 only. */
export function textRuleProblems(rule: Parameters<typeof compileTextRule>[0]): RuleProblem[] {
  const compiled = compileTextRule(rule);
  if (!('problem' in compiled)) return [];
  const { which, index, problem } = compiled;
  return [{ path: ['text', which, index], message: `the expression ${problem}`, code: 'P0207' }];
}
