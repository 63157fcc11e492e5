/**
 * Every way in which a command or a run can end badly, with a stable code.
 *
 * The message of a fault says what happened and where; the catalogue says what the code means,
 * who must act and what to do. `docs/outcomes.md` is this table in prose, and a test holds them equal.
 */

import { CHECK_FAULTS } from './check-faults.ts';
import type { FaultEntry } from './fault-entry.ts';
import { PAGE_FAULTS } from './page-faults.ts';

export const FAULTS = {
  usage: {
    exit: 2,
    acts: 'member',
    meaning: 'The command was not understood.',
    todo: 'Run the command with --help.',
  },
  not_a_repository: {
    exit: 2,
    acts: 'member',
    meaning: 'The folder named is not a git repository with a commit.',
    todo: 'Name a git repository that has at least one commit.',
  },
  base_not_found: {
    exit: 2,
    acts: 'member',
    meaning: 'The base branch of the task does not exist.',
    todo: 'Name one of the branches that exist with --base.',
  },
  run_not_found: {
    exit: 2,
    acts: 'member',
    meaning: 'No run has this id.',
    todo: 'List the runs with: proofhouse run list',
  },
  not_now: {
    exit: 2,
    acts: 'member',
    meaning: 'The run is in a phase in which this cannot be done.',
    todo: 'Look at the run with: proofhouse run show RUN',
  },
  bundle_unreadable: {
    exit: 2,
    acts: 'member',
    meaning: 'The folder named is no bundle of evidence, or cannot be read.',
    todo: 'Name a folder that was written by: proofhouse run bundle RUN --out FOLDER',
  },
  evidence_missing: {
    exit: 4,
    acts: 'operator',
    meaning:
      'A file that proves a change is not in the evidence store any more, or was changed there.',
    todo: 'Put the evidence folder of the data directory back from a copy; until then nothing is published on it.',
  },
  bundle_too_large: {
    exit: 4,
    acts: 'platform engineer',
    meaning: 'The evidence of a change is more than one bundle takes.',
    todo: 'Let the checks leave fewer or smaller files, or split the task.',
  },
  policy_unenforced: {
    exit: 2,
    acts: 'platform engineer',
    meaning: 'The policy forbids something that this version of Proofhouse could not hold back.',
    todo: 'Take the sections named out of the policy, or wait for the version that enforces them; see: proofhouse policy lint',
  },
  requirement_unmet: {
    exit: 2,
    acts: 'operator',
    meaning:
      'The policy requires something of the machine that it does not have, or that nobody could find out.',
    todo: 'Mend the machine as the message says, or run the task on one that has it; see: proofhouse doctor',
  },
  file_unreadable: {
    exit: 2,
    acts: 'platform engineer',
    meaning: 'A file that was named is not there or cannot be read.',
    todo: 'Name a file that exists and that you may read; a policy is begun with: proofhouse init',
  },
  policy_missing: {
    exit: 2,
    acts: 'platform engineer',
    meaning:
      'The base commit has no .proofhouse/policy.yaml, and without a policy nothing is allowed.',
    todo: 'Write one with: proofhouse init. Then commit it to the base branch.',
  },
  facts_invalid: {
    exit: 2,
    acts: 'platform engineer',
    meaning: 'The facts of a change could not be read whole, so nothing is decided.',
    todo: 'Mend what the message names; the format is printed by: proofhouse policy schema --kind facts',
  },
  policy_invalid: {
    exit: 2,
    acts: 'platform engineer',
    meaning: 'The policy could not be read whole, so it allows nothing.',
    todo: 'See every error with: proofhouse policy lint',
  },
  workspace_invalid: {
    exit: 2,
    acts: 'platform engineer',
    meaning: 'The file .proofhouse/workspace.yaml at the base commit could not be read whole.',
    todo: 'Mend the line named, commit it to the base branch and queue the task again.',
  },
  secret_refused: {
    exit: 2,
    acts: 'member',
    meaning:
      'What was to be stored holds a secret and could not be stored without it, as what a person signs; or an agent was to be started with one.',
    todo: 'Say it without the secret. A value counts as one by its name in the environment of the controller.',
  },
  not_eligible: {
    exit: 2,
    acts: 'reviewer',
    meaning: 'This person may not decide on this change.',
    todo: 'Ask one of the people named by: proofhouse run show RUN',
  },
  approval_stale: {
    exit: 2,
    acts: 'reviewer',
    meaning: 'The decision names a tree that is not the one waiting.',
    todo: 'Look at the change again with: proofhouse run show RUN',
  },
  docker_missing: {
    exit: 4,
    acts: 'operator',
    meaning: 'No Docker engine answers on this machine.',
    todo: 'Run scripts/setup, or start the engine you have.',
  },
  engine_exposed: {
    exit: 4,
    acts: 'operator',
    meaning: 'Whoever reaches the port of the Docker engine could take over its machine.',
    todo: 'Use a Unix socket, SSH, or TLS with client certificates (DOCKER_TLS_VERIFY, DOCKER_CERT_PATH).',
  },
  engine_failed: {
    exit: 4,
    acts: 'operator',
    meaning: 'The Docker engine refused a call or did not answer it in time.',
    todo: 'See what the machine lacks with: proofhouse doctor',
  },
  runtime_missing: {
    exit: 4,
    acts: 'operator',
    meaning: 'The engine has not got the runtime that sandboxes are to run under.',
    todo: 'Install it and name it in the settings of the engine, or start without --runtime; see: proofhouse doctor',
  },
  image_missing: {
    exit: 4,
    acts: 'operator',
    meaning: 'A sandbox image is not on this machine.',
    todo: 'Build the images with: scripts/setup. One of another agent: proofhouse setup --agent NAME. One for services is allowed by a tag: docker tag NAME proofhouse-service/NAME',
  },
  disk_full: {
    exit: 4,
    acts: 'operator',
    meaning: 'The disk that holds the data directory or the engine is nearly full.',
    todo: 'Free some space; see how much is missing with: proofhouse doctor',
  },
  store_failed: {
    exit: 4,
    acts: 'operator',
    meaning: 'The journal could not be read or written.',
    todo: 'Check that the data directory is on a local disk and writable: proofhouse doctor',
  },
  key_unusable: {
    exit: 4,
    acts: 'operator',
    meaning:
      'A signing key of the data directory cannot be read, is not whole, or others can read it.',
    todo: 'If others could read it, count it as stolen. Else: chmod 700 the folder, chmod 600 the file.',
  },
  audit_broken: {
    exit: 4,
    acts: 'operator',
    meaning: 'The audit log on disk is not the one that was written, so nothing more is done.',
    todo: 'See where with: proofhouse audit verify. Keep the file elsewhere; it is then written anew.',
  },
  git_failed: {
    exit: 4,
    acts: 'operator',
    meaning: 'git failed on a repository that the controller owns.',
    todo: 'See the message; the same step is safe to repeat with: proofhouse run retry RUN',
  },
  dependencies_failed: {
    exit: 1,
    acts: 'platform engineer',
    meaning:
      'What installs dependencies failed at the base commit: the commands of .proofhouse/workspace.yaml, or the set-up commands of devcontainer.json.',
    todo: 'Run them yourself on the base branch; the output is in: proofhouse run logs RUN',
  },
  lockfile_refused: {
    exit: 2,
    acts: 'platform engineer',
    meaning:
      'A lockfile at the base commit names packages whose bytes could not be checked, so nothing was fetched.',
    todo: 'Mend the entries named: each package from one registry by https, with a SHA-512 hash.',
  },
  self_test_failed: {
    exit: 4,
    acts: 'operator',
    meaning: 'From inside the sandbox the network is not the one that the policy describes.',
    todo: 'See what was found with: proofhouse run logs RUN. Then look at the engine with: proofhouse doctor',
  },
  agent_failed: {
    exit: 4,
    acts: 'operator',
    meaning: 'The agent ended before it asked a model, so nothing was tried.',
    todo: 'See what it printed with: proofhouse run logs RUN. Its version is the one of agents.lock.yaml.',
  },
  model_unavailable: {
    exit: 4,
    acts: 'operator',
    meaning: 'The model refused every call.',
    todo: 'Check the key, the address and the model name: proofhouse doctor',
  },
  model_silent: {
    exit: 4,
    acts: 'operator',
    meaning: 'The model did not answer in time.',
    todo: 'Check that the model server is up and fast enough: proofhouse doctor',
  },
  model_nonsense: {
    exit: 4,
    acts: 'operator',
    meaning: 'The model answered something that is not its own protocol.',
    todo: 'Check that the address is of an OpenAI- or Anthropic-compatible server: proofhouse doctor',
  },
  call_refused: {
    exit: 4,
    acts: 'operator',
    meaning: 'The gateway passed no model call of the agent on: none was in order.',
    todo: 'See what was wrong with the calls in the trace: proofhouse run show RUN',
  },
  model_unpriced: {
    exit: 2,
    acts: 'operator',
    meaning: 'The policy limits money, and nobody said what this model costs.',
    todo: 'Set PROOFHOUSE_MODEL_PRICE=INPUT/OUTPUT in dollars per million tokens, or a price in the file of models; for one that costs nothing: models › free in the policy.',
  },
  model_not_allowed: {
    exit: 2,
    acts: 'platform engineer',
    meaning: 'No model that this controller has may answer, by the routes of the policy.',
    todo: 'Name one under models › routes, or add it to the file of models: PROOFHOUSE_MODELS.',
  },
  harness_refused: {
    exit: 2,
    acts: 'platform engineer',
    meaning:
      'The agent ran with a tool that the policy denies, or with a harness that is none of those it expects.',
    todo: 'See what it ran with: proofhouse run harness RUN. Then change the agent, or the policy under agents.',
  },
  limit_reached: {
    exit: 1,
    acts: 'platform engineer',
    meaning: 'The run used up one of its limits.',
    todo: 'Make the task smaller, or raise the limit under budgets in the policy.',
  },
  workspace_full: {
    exit: 1,
    acts: 'platform engineer',
    meaning:
      'The agent filled its workspace. What it may hold is fixed: 2 GiB and 200,000 files, and no key raises it.',
    todo: 'Have the base .gitignore name build output, or make it in the dependency commands; else make the task smaller.',
  },
  attempts_used_up: {
    exit: 1,
    acts: 'member',
    meaning: 'Every attempt was made and checks still fail.',
    todo: 'Read the findings, say more in the task, and queue it again.',
  },
  no_progress: {
    exit: 1,
    acts: 'member',
    meaning: 'Two attempts ended with the same tree and the same findings.',
    todo: 'Read the findings, say more in the task, and queue it again.',
  },
  change_refused: {
    exit: 1,
    acts: 'member',
    meaning: 'The tree holds entries that are never let out of a workspace.',
    todo: 'Ask for a change without those entries.',
  },
  change_denied: {
    exit: 1,
    acts: 'platform engineer',
    meaning: 'The policy forbids this change.',
    todo: 'Ask for a change that leaves those paths alone, or ask the owner of the policy.',
  },
  ...CHECK_FAULTS,
  ...PAGE_FAULTS,
  internal: {
    exit: 4,
    acts: 'operator',
    meaning: 'Proofhouse met something it has no name for.',
    todo: 'Please report it with the output of: proofhouse doctor --json',
  },
} as const satisfies Record<string, FaultEntry>;

export type FaultCode = keyof typeof FAULTS;
export const FAULT_CODES = Object.keys(FAULTS) as [FaultCode, ...FaultCode[]];

/** Broken machinery or refused input. The message says what happened and where. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exit(): FaultEntry['exit'] {
    return FAULTS[this.code].exit;
  }

  get todo(): string {
    return FAULTS[this.code].todo;
  }
}

/** Whatever was thrown, as a fault. What we did not foresee keeps its message under `internal`. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = (thrown as { code?: unknown } | null)?.code;
  if (code === 'ENOSPC') return new Fault('disk_full', message, { cause: thrown });
  return new Fault('internal', message, { cause: thrown });
}
