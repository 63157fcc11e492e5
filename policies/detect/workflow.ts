/** Workflows and composite actions of GitHub, as far as the rules on them ask. */
import {
  childrenOf,
  type Data,
  type DataPath,
  field,
  isRecord,
  type Spot,
  walk,
} from '../plain-data.ts';
import { parseYamlData } from '../yaml-data.ts';
import type { Unreadable } from './compare.ts';

export function readWorkflow(text: string): Data | Unreadable {
  const documents = parseYamlData(text);
  if (!documents) return { unreadable: 'it is no YAML that is read in one way only' };
  const [data, ...others] = documents;
  if (!data || others.length > 0) return { unreadable: 'it is not one document' };
  return isRecord(data.value) ? data : { unreadable: 'it is no mapping' };
}

/** The names of events, whether given as one, as a list or as the keys of a mapping. */
export function triggersOf({ value, line }: Data): { name: string; line: number | null }[] {
  const on = field(value, 'on');
  const at = (path: DataPath) => line(['on', ...path]) ?? line(['on']);
  if (typeof on === 'string') return [{ name: on.toLowerCase(), line: at([]) }];
  return childrenOf(on).map(([key, child]) => ({
    name: String(Array.isArray(on) ? child : key).toLowerCase(),
    line: at([key]),
  }));
}

/** Every `uses`, of a step or of a whole job, and the image an action runs in. */
export function usesOf({ value }: Data): (Spot & { value: string })[] {
  const found: (Spot & { value: string })[] = [];
  for (const spot of walk(value)) {
    const isImage = spot.path.join('.') === 'runs.image' && /^docker:/i.test(String(spot.value));
    if (typeof spot.value !== 'string' || (spot.key !== 'uses' && !isImage)) continue;
    found.push({ ...spot, value: spot.value });
  }
  return found;
}

/** Text that is run as a program: shell, and JavaScript for the action that takes it. */
export function programsOf({ value }: Data): (Spot & { value: string })[] {
  const found: (Spot & { value: string })[] = [];
  for (const { path, value: step } of walk(value)) {
    if (!isRecord(step)) continue;
    const run = field(step, 'run');
    if (typeof run === 'string') found.push({ path: [...path, 'run'], key: 'run', value: run });
    const isScript = /^actions\/github-script(@|$)/i.test(String(field(step, 'uses')));
    const script = field(field(step, 'with'), 'script');
    if (!isScript || typeof script !== 'string') continue;
    found.push({ path: [...path, 'with', 'script'], key: 'script', value: script });
  }
  return found;
}

/** What stands between `${{` and `}}`. */
export function expressionsIn(text: string): string[] {
  return text
    .split('${{')
    .slice(1)
    .map((rest) => rest.split('}}', 1)[0] ?? rest);
}
