/**
 * A row of the matrix of attacks on sandboxes, network and change-out. The table in docs/security.md is
 * made of these, and every row is a test: the attack is first seen to work with one thing weakened.
 */

/** As the page about security tells it. */
export type Attack = {
  /** Of the row in the list of attacks, as in SBX-01. */
  readonly id: string;
  readonly attack: string;
  /** The one thing in which the weak side differs from ours. */
  readonly weak: string;
  /** What stops it, or what the attacker gets to see. */
  readonly ours: string;
};

/** Rows of one kind of attack, under a heading of the page. */
export type Family = { readonly title: string; readonly rows: readonly Attack[] };
