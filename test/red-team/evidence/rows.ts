/** Attacks on what checks leave, and by the pages that they open. */
import type { Attack, Family } from '../attack.ts';

export const EVIDENCE_ROWS = {
  trace: {
    id: 'EVD-12',
    attack:
      "a secret of the controller's in a trace: requests, console, page, names, an archive inside",
    weak: 'what is kept is not unpacked',
    ours: 'the trace is withheld, and the check fails',
  },
  picture: {
    id: 'EVD-12',
    attack: "a secret of the controller's in the bytes of a picture",
    weak: 'what is no text is kept as it is',
    ours: 'withheld, and the check fails; what is drawn in its pixels is not seen',
  },
  archive: {
    id: 'EVD-12',
    attack: 'a trace that leads out of its folder, holds a link, or unpacks a thousandfold',
    weak: 'archives are unpacked by their own words',
    ours: 'never unpacked to a disk; refused, and the check fails',
  },
  page: {
    id: 'NET-29',
    attack:
      'a page that a check opens asks for the host, the controller, metadata and files, by fetch, WebSocket, beacon, WebRTC and a service worker',
    weak: 'with the bridge in NetworkMode',
    ours: 'none is reached, and each that was asked for is in the findings',
  },
} as const satisfies Record<string, Attack>;

export const EVIDENCE: Family = {
  title: 'What checks leave, and the pages they open',
  rows: Object.values(EVIDENCE_ROWS),
};
