/**
 * Which paths of a package registry a sandbox may read: documents and tarballs of packages, and
 * nothing else. Strict, because a free path or query could carry data out.
 */

export type RegistryPath = {
  readonly package: string;
  /** Name of a tarball's file; null for the document of the package. */
  readonly file: string | null;
  readonly path: string;
};

const NAME = '[A-Za-z0-9~_][A-Za-z0-9._~-]{0,213}';
const FILE = '[A-Za-z0-9_][A-Za-z0-9._+~-]{0,255}\\.tgz';
const PACKAGE = new RegExp(`^/(?<name>(?:@${NAME}(?:/|%2[fF]))?${NAME})(?:/-/(?<file>${FILE}))?$`);

/**
 * `target` is a request's path without the gateway's prefix. A registry that lives below a path
 * names it in its tarball addresses, and npm keeps that path when it replaces the host.
 */
export function registryPath(target: string, upstreamPath: string): RegistryPath | null {
  const base = upstreamPath.replace(/\/+$/, '');
  const path = base !== '' && target.startsWith(`${base}/`) ? target.slice(base.length) : target;
  const found = PACKAGE.exec(path)?.groups;
  if (found?.['name'] === undefined) return null;
  return { package: found['name'].replace(/%2f/i, '/'), file: found['file'] ?? null, path };
}
