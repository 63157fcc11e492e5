/**
 * Host names of a policy: exact, or `*.example.com` for any depth below and not the name itself.
 *
 * There is no way to say "any host", a whole top-level domain or an address: each of these has
 * quietly opened more than its author meant somewhere.
 */

/** Why a pattern cannot name hosts, or null. */
export function hostProblem(pattern: string): string | null {
  const name = nameOf(pattern);
  if (pattern.includes('*') && !/^\*\.[^*]+$/.test(pattern)) {
    return 'a star stands only at the front, as in *.example.com';
  }
  const plain = plainHost(name);
  if (plain === null) return 'this is no host name';
  if (/^[0-9.]+$/.test(plain) || plain.startsWith('[')) return 'an address is no host name';
  if (!plain.includes('.')) return 'a name without a dot is a whole domain or a machine of its own';
  return null;
}

/** As servers see it: lower case, in ASCII, without the final dot. Null when it is no host. */
export function plainHost(host: string): string | null {
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(host)) return null;
  const bare = host.replace(/\.$/, '');
  if (!URL.canParse(`http://${bare}`)) return null;
  return new URL(`http://${bare}`).hostname;
}

export function coversHost(pattern: string, host: string): boolean {
  const asked = plainHost(host);
  const name = plainHost(nameOf(pattern));
  if (asked === null || name === null) return false;
  return pattern.startsWith('*.') ? asked.endsWith(`.${name}`) : asked === name;
}

function nameOf(pattern: string): string {
  return pattern.startsWith('*.') ? pattern.slice(2) : pattern;
}
