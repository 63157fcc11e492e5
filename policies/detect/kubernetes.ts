/**
 * What manifests of Kubernetes give a container of its node. Keys are looked for wherever they
 * stand, because lists, patches, values of charts and custom resources all end in a pod.
 */
import { type Data, type DataPath, field, isRecord, walk } from '../plain-data.ts';
import { parseYamlData } from '../yaml-data.ts';
import { type Finding, keyOf, shown, type Unreadable } from './compare.ts';
import { isOn, isZero } from './truth.ts';

const CHARACTERS_MAX = 1_024 * 1_024;

export function podGrants(text: string): Finding[] | Unreadable {
  const documents = parseYamlData(text, CHARACTERS_MAX);
  if (!documents) return { unreadable: 'it is no YAML that is read in one way only' };
  return documents.flatMap((data) => {
    return [...walk(data.value)].flatMap(({ path, key, value }) => [
      ...grantsIn(key, value).map((grant) => finding(data, path, grant)),
      ...patched(value).map((grant) => finding(data, path, grant)),
    ]);
  });
}

const SWITCHES = [
  ...['privileged', 'hostNetwork', 'hostPID', 'hostIPC'],
  ...['allowPrivilegeEscalation', 'hostProcess'],
];

/** What a key and its value give away; an empty text when the key says it all. */
function grantsIn(key: string | number, value: unknown): string[] {
  if (SWITCHES.includes(String(key))) return isOn(value) ? [''] : [];
  if (key === 'runAsUser') return isZero(value) ? ['0'] : [];
  if (key === 'hostPath') return value === null ? [] : [hostPath(value)];
  if (key !== 'capabilities') return [];
  const added = field(value, 'add');
  return Array.isArray(added) ? added.map((name) => `add ${name}`) : [];
}

function hostPath(value: unknown): string {
  return String(isRecord(value) ? (field(value, 'path') ?? '') : value);
}

/** A JSON patch names in `path` what the value of `value` is put under. */
function patched(value: unknown): string[] {
  const path = field(value, 'path');
  const isPatch = typeof path === 'string' && /^(add|replace)$/.test(String(field(value, 'op')));
  if (!isPatch) return [];
  const steps = path
    .split('/')
    .filter((step) => step !== '' && step !== '-' && !/^\d+$/.test(step));
  const given = field(value, 'value');
  if (steps.slice(-2).join('/') === 'capabilities/add') {
    return [given].flat().map((name) => `${path} ${name}`);
  }
  return grantsIn(steps.at(-1) ?? '', given).map((grant) => `${path} ${grant}`.trim());
}

/** `Pod/web spec.containers[app].securityContext.privileged`, and what it gives. */
function finding({ value, line }: Data, path: DataPath, grant: string): Finding {
  const kind = field(value, 'kind');
  const name = field(field(value, 'metadata'), 'name');
  const object = typeof kind === 'string' ? `${kind}/${typeof name === 'string' ? name : ''} ` : '';
  const spot = [named(value, path), grant].filter((part) => part !== '').join(': ');
  const key = keyOf(`${object}${spot}`);
  const message = `A container gets rights on its node: \`${shown(key)}\`.`;
  return { key, line: line(path), message };
}

/** Items of lists by their name, so that their order says nothing. */
function named(value: unknown, path: DataPath): string {
  let at = value;
  let text = '';
  for (const step of path) {
    at = Array.isArray(at) ? at[Number(step)] : field(at, String(step));
    const name = field(at, 'name');
    if (typeof step === 'string') text += text === '' ? step : `.${step}`;
    else if (typeof name === 'string') text += `[${name}]`;
  }
  return text;
}
