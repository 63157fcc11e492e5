/**
 * Which addresses are of the public network. A name that an agent may reach can be made to answer
 * with the address of a metadata service, of this machine or of its neighbours.
 */
import net, { BlockList } from 'node:net';

/** RFC 6890 and its successors; 168.63.129.16 is a cloud's host under a public address. */
const NOT_GLOBAL_4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Of 2000::/3, the only range that is handed out: protocols, documentation, tunnels that hold a v4. */
const NOT_GLOBAL_6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];
/** Addresses that stand for a v4 one, which then is what counts. */
const MAPPED: readonly (readonly [string, number])[] = [
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
];

const refused4 = listOf(NOT_GLOBAL_4, 'ipv4');
const refused6 = listOf(NOT_GLOBAL_6, 'ipv6');
const unicast6 = listOf([['2000::', 3]], 'ipv6');
const mapped = listOf(MAPPED, 'ipv6');

export type IsGlobal = (address: string) => boolean;

export function isGlobal(address: string): boolean {
  if (net.isIPv4(address)) return !refused4.check(address, 'ipv4');
  // A zone names an interface of this machine.
  if (!net.isIPv6(address) || address.includes('%')) return false;
  if (mapped.check(address, 'ipv6')) return isGlobal(lowIpv4(address));
  return unicast6.check(address, 'ipv6') && !refused6.check(address, 'ipv6');
}

function listOf(
  subnets: readonly (readonly [string, number])[],
  family: 'ipv4' | 'ipv6',
): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, family);
  return list;
}

/** The last 32 bits of a v6 address, in whatever way it is written. */
function lowIpv4(address: string): string {
  const written = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [high = '', low = ''] = written.replace('::', ':0:0:').split(':').slice(-2);
  const bits = Number.parseInt(high || '0', 16) * 2 ** 16 + Number.parseInt(low || '0', 16);
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.');
}
