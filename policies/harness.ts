/** What an agent may be offered and run with, by its role: every layer that speaks of it must agree. */
import type { LoadedPolicy } from './parse.ts';
import { named } from './schema.ts';

export type ExpectedHarness = {
  /** Any of these will do. None: the layers agree on no harness, and no other is refused less. */
  readonly digests: readonly string[];
  readonly onOther: 'alarm' | 'refuse';
  /** The places in the policies that say so. */
  readonly where: string;
};

/** Null when no layer says which harness it expects. */
export function expectedHarness(
  layers: readonly LoadedPolicy[],
  role: string,
): ExpectedHarness | null {
  const said = layers.flatMap((loaded) => {
    const { expectedHarness: digests, onOtherHarness } = named(loaded.policy.agents, role) ?? {};
    if (digests === undefined) return [];
    const where = loaded.where(['agents', role, 'expected_harness']);
    return [{ digests, onOther: onOtherHarness ?? 'refuse', where }];
  });
  const [first, ...rest] = said;
  if (first === undefined) return null;
  return {
    digests: first.digests.filter((one) => rest.every(({ digests }) => digests.includes(one))),
    onOther: said.some(({ onOther }) => onOther === 'refuse') ? 'refuse' : 'alarm',
    where: said.map(({ where }) => where).join(', '),
  };
}

/** Why an agent of this role may not be offered a tool of this name, or null. */
export function toolProblem(
  layers: readonly LoadedPolicy[],
  role: string,
): (tool: string) => string | null {
  const denied = layers.flatMap((loaded) => {
    const { deny = [] } = named(loaded.policy.agents, role)?.tools ?? {};
    return deny.map((pattern, index) => ({
      pattern,
      where: loaded.where(['agents', role, 'tools', 'deny', index]),
    }));
  });
  return (tool) => {
    const found = denied.find(({ pattern }) => isCalled(pattern, tool));
    return found === undefined
      ? null
      : `the tool ${JSON.stringify(tool)} is denied to the ${role} (${found.where})`;
  };
}

/** `*` stands for anything. Case does not count: an agent that renames a tool is not to get past. */
function isCalled(pattern: string, name: string): boolean {
  const [want, has] = [pattern.toLowerCase(), name.toLowerCase()];
  // Two places to go on from and no way further back, so the time does not explode with the stars.
  let [at, in_, star, mark] = [0, 0, -1, 0];
  while (in_ < has.length) {
    if (want[at] === '*') [star, mark, at] = [at, in_, at + 1];
    else if (want[at] === has[in_]) [at, in_] = [at + 1, in_ + 1];
    else if (star >= 0) [at, mark, in_] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (want[at] === '*') at += 1;
  return at === want.length;
}
