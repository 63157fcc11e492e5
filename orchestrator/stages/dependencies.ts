/**
 * Makes the dependency layer of a base commit when it is not there: before an attempt, and again
 * before checks, because the base may have moved on to other dependencies since.
 */
import { mayTunnel, networkOf } from '../../policies/network.ts';
import { Fault } from '../domain/faults.ts';
import type { Place } from '../ports.ts';
import type { BaseRules } from './base-rules.ts';
import { boundedNotes } from './bounded-notes.ts';
import { NO_PACKAGES, packagesOf } from './packages.ts';
import type { StageTools } from './tools.ts';

const NO_BUDGET = { microUsd: null, tokens: null, turns: null } as const;
const TAIL_LINES = 20;

export async function ensureDependencies(
  tools: StageTools,
  place: Place,
  { layers, plan, keyedBy }: Pick<BaseRules, 'layers' | 'plan' | 'keyedBy'>,
  signal: AbortSignal,
): Promise<void> {
  if (plan === null || (await tools.workspaces.hasDependencies(place, plan, signal))) return;
  const to = networkOf(layers).setup ? 'package-registry' : 'nothing';
  const packages =
    to === 'package-registry' ? await packagesOf(tools, place, keyedBy) : NO_PACKAGES;
  const door = await tools.doors.open({
    socketPath: await tools.workspaces.socketPath(place, 'dependencies'),
    run: place.run,
    attempt: place.attempt,
    to,
    packages,
    reaches: (host, port) => mayTunnel(layers, 'setup', { host, port }),
    budget: NO_BUDGET,
    harness: null,
  });
  const tail: string[] = [];
  const note = boundedNotes(tools.store);
  try {
    const end = await tools.workspaces.buildDependencies(
      place,
      plan,
      async ({ index, text }) => {
        const said = tools.redact(text).slice(0, 2000);
        if (tail.push(said) > TAIL_LINES) tail.shift();
        await note({
          run: place.run,
          attempt: place.attempt,
          source: 'sandbox',
          index,
          at: tools.clock().toISOString(),
          kind: 'dependencies',
          text: said,
        });
      },
      signal,
    );
    if (end.ended === 'exited' && end.exitCode === 0) return;
    throw new Fault(
      'dependencies_failed',
      `the dependency commands ${end.ended} with ${end.exitCode}:\n${tail.join('\n')}`,
    );
  } finally {
    await door.close();
  }
}
