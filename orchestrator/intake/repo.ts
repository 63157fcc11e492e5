/** What a survey is given: one commit of a repository, and nothing that could be run. */
export type Repo = {
  readonly name: string;
  /** Null when the repository does not say. */
  readonly defaultBranch: string | null;
  /** Every file, relative to the root, with `/`. */
  readonly paths: readonly string[];
  /** Text of a file that `filesToRead` names; null when there is none or it is too large. */
  read(path: string): string | null;
};
