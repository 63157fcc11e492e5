/**
 * Host names of a policy: exact, or `*.example.com` for any depth below and not the name itself.
 *
 * There is no way to say "any host", a whole top-level domain or an address: each of these has
 * quietly opened more than its author meant somewhere.
 */

const NAME_MAX = 253;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Why a pattern cannot name hosts, or null. */
export function hostProblem(pattern: string): string | null {
  if (pattern.includes('*') && !/^\*\.[^*]+$/.test(pattern)) {
    return 'a star stands only at the front, as in *.example.com';
  }
  const name = nameOf(pattern);
  if (isAddress(name)) return 'an address is no host name; name the host';
  if (plainHost(name) === null) return 'this is no host name; expected one as in api.example.com';
  if (plainHost(name)?.includes('.') !== true) {
    return 'a name without a dot is a whole domain or a machine of its own; name the host in full';
  }
  return null;
}

/** As servers see it: lower case, in ASCII, without the final dot. Null when it is no host. */
export function plainHost(host: string): string | null {
  const name = asciiOf(host);
  if (name === null || name.length > NAME_MAX || isIpv4(name)) return null;
  return name.split('.').every((label) => LABEL.test(label)) ? name : null;
}

export function coversHost(pattern: string, host: string): boolean {
  const asked = plainHost(host);
  const name = plainHost(nameOf(pattern));
  if (asked === null || name === null) return false;
  return pattern.startsWith('*.') ? asked.endsWith(`.${name}`) : asked === name;
}

/** The URL parser knows every spelling of an address: 127.1, 0x7f.1, 2130706433, full-width digits. */
function isAddress(name: string): boolean {
  if (/^\[|:.*:/.test(name)) return true;
  const ascii = asciiOf(name);
  return ascii !== null && isIpv4(ascii);
}

function asciiOf(host: string): string | null {
  if (!/^[\p{L}\p{M}\p{N}.-]{1,1000}$/u.test(host)) return null;
  const url = `http://${host.replace(/\.$/, '')}`;
  return URL.canParse(url) ? new URL(url).hostname : null;
}

function isIpv4(name: string): boolean {
  return /^[0-9.]+$/.test(name);
}

function nameOf(pattern: string): string {
  return pattern.startsWith('*.') ? pattern.slice(2) : pattern;
}
