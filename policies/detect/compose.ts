/** What the services of a compose file get of the host they run on. */
import { type Data, type DataPath, field, isRecord, walk } from '../plain-data.ts';
import { parseYamlData } from '../yaml-data.ts';
import { type Finding, keyOf, shown, type Unreadable } from './compare.ts';
import { isOn } from './truth.ts';

export function composeGrants(text: string, path: string): Finding[] | Unreadable {
  const documents = parseYamlData(text);
  if (!documents) return { unreadable: 'it is no YAML that is read in one way only' };
  const folder = path.split('/').slice(0, -1);
  return documents.flatMap((data) => {
    return [...walk(data.value)].flatMap(({ path: at, key, value }) => {
      const grants = GRANTS.get(key)?.(value, folder) ?? [];
      return grants.map((grant) => finding(data, at, grant));
    });
  });
}

/** `services.web.privileged`, and for an item of a list what it is. */
function finding(data: Data, path: DataPath, grant: string): Finding {
  const name = path.filter((step) => typeof step === 'string').join('.');
  const key = keyOf(grant === '' ? name : `${name}: ${grant}`);
  const message = `A container gets rights on its host: \`${shown(key)}\`.`;
  return { key, line: data.line(path), message };
}

/** What the value of a key gives away; an empty text when the key says it all. */
type Grant = (value: unknown, folder: readonly string[]) => string[];

const switched: Grant = (value) => (isOn(value) ? [''] : []);
const hostNamespace: Grant = (value) => (said(value) === 'host' ? ['host'] : []);
const each: Grant = (value) => items(value).map(said);
const device: Grant = (value) => items(value).map(deviceOf);

const GRANTS = new Map<string | number, Grant>([
  ...['privileged', 'use_api_socket'].map((key) => [key, switched] as const),
  ...['pid', 'ipc', 'uts', 'cgroup', 'network_mode', 'network', 'userns_mode'].map((key) => {
    return [key, hostNamespace] as const;
  }),
  ...['cap_add', 'entitlements'].map((key) => [key, each] as const),
  ...['devices', 'device_cgroup_rules'].map((key) => [key, device] as const),
  ['security_opt', (value) => items(value).map(said).filter(isUnconfined)],
  ['volumes', (value, folder) => items(value).flatMap((item) => mountOf(item, folder))],
  ['driver_opts', (value, folder) => hostPath(field(value, 'device'), folder)],
  ['user', (value) => [said(value)].filter((user) => /^(root|0+)(:|$)/.test(user))],
]);

function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function said(value: unknown): string {
  return isRecord(value) ? '' : substituted(String(value)).trim().toLowerCase();
}

function deviceOf(value: unknown): string {
  return isRecord(value) ? String(field(value, 'source') ?? '') : String(value);
}

function isUnconfined(option: string): boolean {
  return /unconfined|^label[:=]disable|^no-new-privileges[:=]false|^systempaths/.test(option);
}

/** `source:target:mode`, or the same in parts. A source with no slash is a named volume. */
function mountOf(mount: unknown, folder: readonly string[]): string[] {
  if (isRecord(mount)) {
    const target = String(field(mount, 'target') ?? '');
    if (isSocket(target)) return [target];
    return hostPath(field(mount, 'source'), folder);
  }
  const text = substituted(String(mount));
  if (isSocket(text)) return [text];
  // A drive has a colon of its own.
  const source = /^[a-z]:[\\/][^:]*/i.exec(text)?.[0] ?? text.split(':', 1)[0];
  return text === source ? [] : hostPath(source, folder);
}

/** The path when it lies outside of the repository, whose folder counts as the start. */
function hostPath(source: unknown, folder: readonly string[]): string[] {
  const path = substituted(String(source ?? ''));
  if (/^([/~\\]|[a-z]:[\\/])/i.test(path) || isSocket(path)) return [path];
  let depth = folder.length;
  for (const step of path.split('/')) {
    if (step === '..') depth--;
    else if (step !== '.' && step !== '') depth++;
    if (depth < 0) return [path];
  }
  return [];
}

function isSocket(path: string): boolean {
  return /(docker|containerd|podman|crio)\.sock/i.test(path);
}

/** A variable with the word it has when nobody sets it. */
function substituted(text: string): string {
  return text.replace(/\$\{\w+:?-([^{}]*)\}/g, '$1');
}
