/** A policy file as a layer that can judge. A file with any problem is no layer at all. */
import type { Digest } from '../orchestrator/domain/ids.ts';
import type { Place, Problem } from './problems.ts';
import { Policy } from './schema.ts';
import { parseYaml, type YamlPath } from './yaml-source.ts';

export type LoadedPolicy = {
  readonly policy: Policy;
  /** Name of the layer. */
  readonly name: string;
  readonly digest: Digest;
  /** As in `.proofhouse/policy.yaml:44:5`. */
  where(path: YamlPath): string;
  place(path: YamlPath, part?: 'key' | 'value'): Place;
};

export function parsePolicy(
  source: string,
  name: string,
): { policy: LoadedPolicy } | { problems: Problem[] } {
  const parsed = parseYaml(source, name, Policy);
  if ('problems' in parsed) return parsed;
  const { value, digest, place } = parsed;
  const where = (path: YamlPath): string => {
    const { file, line, column } = place(path);
    return `${file}:${line}:${column}`;
  };
  return { policy: { policy: value, name: value.metadata.layer, digest, where, place } };
}
