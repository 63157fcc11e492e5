/** Attacks on what proves a change, on what checks leave, and by the pages that they open. */
import type { Attack, Family } from '../attack.ts';

const row = (id: string, attack: string, weak: string, ours: string): Attack => ({
  ...{ id, attack, weak, ours },
});

export const EVIDENCE_ROWS = {
  forged: row(
    'EVD-02',
    'a report of passed tests that the change brings along',
    'reports are read from the workspace',
    'only what the check itself left in its output folder is read',
  ),
  planted: row(
    'EVD-03',
    'a program planted in `node_modules/.bin`, an `.npmrc`, and tests that agree with broken code',
    'the tests of the change are all that runs',
    'the tests of the base commit run over the new code, and say so; what is gone is told by name',
  ),
  cached: row(
    'EVD-06',
    'a check that passed for another tree, base, image, policy or dependency layer, or whose evidence was changed',
    'it is found again by the name of its validator',
    'found by a digest of all that decides it, while its evidence is whole',
  ),
  untilGreen: row(
    'EVD-08',
    'a test that passes now and then, tried until it does',
    'tried again until it passes',
    'tried once more, said to be flaky, never kept as passed',
  ),
  hang: row(
    'EVD-09',
    'a test that waits for the end of its time, stops its runner or kills it',
    'the report that is there counts, however the command ended',
    'failed, whatever its report says',
  ),
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
  edited: {
    ...{
      id: 'EVD-05',
      attack: 'a record of the audit log is changed, and all after it chained anew',
    },
    weak: 'no signed checkpoint is asked',
    ours: 'a checkpoint says that the record was another',
  },
  truncated: {
    ...{ id: 'EVD-05', attack: 'the end of the audit log is cut off' },
    weak: 'no signed checkpoint is asked',
    ours: 'a checkpoint vouches for more',
  },
  reordered: {
    ...{ id: 'EVD-05', attack: 'two records of the audit log change places' },
    weak: 'each record is looked at by itself',
    ours: 'the record in the wrong place is named',
  },
  torn: {
    ...{ id: 'EVD-05', attack: 'a crash leaves half a line, and the log goes on behind it' },
    weak: 'the next record is appended to the file as it is',
    ours: 'the half line is cut off and written again, and nothing is lost',
  },
} as const satisfies Record<string, Attack>;

export const EVIDENCE: Family = {
  title: 'What proves a change',
  rows: Object.values(EVIDENCE_ROWS),
};
