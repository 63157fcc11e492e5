/** Attacks on what proves something afterwards. */
import type { Attack, Family } from '../attack.ts';

export const EVIDENCE_ROWS = {
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
} satisfies Record<string, Attack>;

export const EVIDENCE: Family = { title: 'Evidence', rows: Object.values(EVIDENCE_ROWS) };
