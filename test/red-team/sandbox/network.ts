/** Attacks from inside a sandbox on what a network would lead to. One has none; the weak side has the engine's own. */
import type { Attack } from '../attack.ts';
import { withHost } from './body.ts';
import type { SandboxRow } from './row.ts';

const WEAK = {
  weak: 'with the bridge in NetworkMode',
  weaken: (body: Parameters<SandboxRow['weaken']>[0]) => withHost(body, { NetworkMode: 'bridge' }),
};

export const NETWORK: readonly SandboxRow[] = [
  {
    ...{ id: 'NET-01', attack: 'a route to an address anywhere, as UDP and QUIC need one' },
    ...{ ...WEAK, ours: 'ENETUNREACH' },
    // To connect a UDP socket asks for a route and sends nothing.
    script: `perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 17);
      print connect(S, pack_sockaddr_in(443, inet_aton("203.0.113.7"))) ? "a route" : "none ", $!+0'`,
    works: /^a route/,
    fails: /^none 101$/,
  },
  {
    ...{ id: 'NET-01', attack: 'an interface beside loopback', ...WEAK, ours: 'there is none' },
    script: `ls /sys/class/net | tr '\\n' ' '; grep -c . /proc/net/route`,
    works: /eth0/,
    fails: /^lo 1$/,
  },
];

export const HOST_SERVICES: Attack = {
  ...{ id: 'NET-02', attack: "a service of the host's at the engine's gateway, by TCP and UDP" },
  ...{ weak: WEAK.weak, ours: 'ENETUNREACH, and the service hears nothing' },
};
export const OTHER_DOOR: Attack = {
  ...{ id: 'NET-25', attack: "the socket of another run's gateway" },
  ...{ weak: 'with the folder of all runs in Mounts', ours: 'ENOENT; only its own is there' },
};
