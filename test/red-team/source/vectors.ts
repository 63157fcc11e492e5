/**
 * Ways in which a repository makes git run a program or write outside: what an agent plants, and what
 * somebody then does with plain git. `$MARK` is the file whose appearance says that it worked.
 */
export type Vector = {
  readonly name: string;
  /** Shell, in the work tree of a repository with a file `src/sum.mjs`. */
  readonly plant: string;
  /** Shell with plain git, in the same folder. */
  readonly use: string;
};

const EDIT = 'echo "// more" >> src/sum.mjs';
const hook = (name: string): string =>
  `mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > .git/hooks/${name}; chmod 755 .git/hooks/${name}`;
const set = (key: string, value: string): string => `git config ${key} "${value}"`;
const TOUCH = 'touch $MARK; cat';
/** Whatever a program of ours says, git goes on. */
const WHO = 'git -c user.name=T -c user.email=t@localhost.invalid';
const ELSEWHERE = 'git init -q --bare ../elsewhere.git';

export const VECTORS: readonly Vector[] = [
  {
    name: 'core.fsmonitor',
    plant: set('core.fsmonitor', 'touch $MARK; false'),
    use: 'git status',
  },
  {
    name: 'the hook post-index-change',
    plant: hook('post-index-change'),
    use: `${EDIT}; git add .`,
  },
  {
    name: 'filter.clean',
    plant: `${set('filter.x.clean', TOUCH)}; echo '* filter=x' > .gitattributes`,
    use: `${EDIT}; git add .`,
  },
  {
    name: 'filter.smudge',
    plant: `${set('filter.x.smudge', TOUCH)}; mkdir -p .git/info; echo '* filter=x' > .git/info/attributes`,
    use: 'rm src/sum.mjs; git checkout -- src/sum.mjs',
  },
  {
    name: 'filter.process',
    plant: `${set('filter.x.process', 'touch $MARK; false')}; echo '* filter=x' > .gitattributes`,
    use: `${EDIT}; git add .`,
  },
  {
    name: 'diff.textconv',
    plant: `${set('diff.x.textconv', TOUCH)}; echo '* diff=x' > .gitattributes`,
    use: `${EDIT}; git diff`,
  },
  {
    name: 'diff.command',
    plant: `${set('diff.x.command', 'touch $MARK; true')}; echo '* diff=x' > .gitattributes`,
    use: `${EDIT}; git diff`,
  },
  {
    name: 'diff.external',
    plant: set('diff.external', 'touch $MARK; true'),
    use: `${EDIT}; git diff`,
  },
  {
    name: 'gpg.program',
    plant: `printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > gpg; chmod 755 gpg
            ${set('gpg.program', '$PWD/gpg')}; ${set('commit.gpgSign', 'true')}`,
    use: `${EDIT}; ${WHO} commit -qam more`,
  },
  {
    name: '.git/commondir',
    plant: `mkdir -p evil; cp -r .git/objects .git/refs .git/HEAD evil/
            printf '[core]\\n\\trepositoryformatversion = 0\\n\\tfsmonitor = "touch %s; false"\\n' "$MARK" > evil/config
            echo ../evil > .git/commondir`,
    use: 'git status',
  },
  {
    name: 'core.worktree',
    plant: set('core.worktree', '$(dirname $MARK)'),
    use: 'git checkout -q -f HEAD; cp "$(dirname $MARK)/src/sum.mjs" $MARK',
  },
  {
    name: 'a bare repository in the tree',
    plant: `mkdir -p nested/objects nested/refs; cp .git/HEAD nested/HEAD
            printf '[core]\\n\\trepositoryformatversion = 0\\n\\tbare = false\\n\\tworktree = .\\n\\tfsmonitor = "touch %s; false"\\n' "$MARK" > nested/config`,
    use: 'cd nested; git status',
  },
  {
    name: 'core.alternateRefsCommand',
    plant: `git init -q --bare .git/borrowed; echo "$PWD/.git/borrowed/objects" > .git/objects/info/alternates
            ${set('core.alternateRefsCommand', 'touch $MARK; true')}`,
    use: `${ELSEWHERE}; git fetch -q ../elsewhere.git; git rev-list --alternate-refs`,
  },
  {
    name: 'remote.uploadpack',
    plant: `${set('remote.origin.url', '/tmp')}; ${set('remote.origin.uploadpack', 'touch $MARK; true')}`,
    use: 'git fetch -q',
  },
  {
    name: 'an ext:: remote',
    plant: `${set('remote.origin.url', 'ext::touch $MARK')}; ${set('protocol.ext.allow', 'always')}`,
    use: 'git fetch -q',
  },
  {
    name: 'the hook reference-transaction',
    plant: hook('reference-transaction'),
    use: 'git branch other',
  },
  {
    name: 'the hook pre-push',
    plant: hook('pre-push'),
    use: `${ELSEWHERE}; git push -q ../elsewhere.git HEAD:refs/heads/x`,
  },
  {
    name: 'core.hooksPath',
    plant: `mkdir -p hooks; printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > hooks/pre-commit; chmod 755 hooks/pre-commit
            ${set('core.hooksPath', 'hooks')}`,
    use: `${EDIT}; ${WHO} commit -qam more`,
  },
  {
    name: 'include.path',
    plant: `printf '[core]\\n\\tfsmonitor = "touch %s; false"\\n' "$MARK" > included
            ${set('include.path', '../included')}`,
    use: 'git status',
  },
];
