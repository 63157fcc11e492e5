# Builds a tree from what an agent left in /workspace, with our own git directory: /tmp/git.
# To be read in by a script that says where these are:
#   EXCLUDE   what is ignored, by the base commit and for what dependency commands made
#   INDEX     of the base commit; what it says of unchanged files is trusted
# and leaves: $tree, and /tmp/hidden with names that only the agent's own ignore files would hide.
# The agent's .git, hooks and excludes are never read.
set -eu
export LC_ALL=C
# git takes and gives back memory for each object it writes; kept, most of that time is spared.
export MALLOC_TOP_PAD_=33554432 MALLOC_TRIM_THRESHOLD_=33554432
git init -q --bare --template= /tmp/git
export GIT_DIR=/tmp/git GIT_WORK_TREE=/workspace GIT_INDEX_FILE=/tmp/index GIT_LITERAL_PATHSPECS=1
cat > /tmp/git/config <<'END'
[core]
	bare = false
	autocrlf = false
	safecrlf = false
	attributesFile = /dev/null
	excludesFile = /dev/null
	fsmonitor = false
	protectHFS = true
	protectNTFS = true
[advice]
	addEmbeddedRepo = false
[diff]
	ignoreSubmodules = dirty
END
echo /mirror/objects > /tmp/git/objects/info/alternates
# With its time: git looks into files as old as their index, and a copy made now would make a file that
# was changed in the second of its checkout, to the same size, look untouched.
cp -p "$INDEX" /tmp/index
cd /workspace

refuse() {
  echo "$1" >&2
  exit 3
}

# Some commands of git leave out what they dislike, say so, and end well: whatever one says refuses.
quietly() {
  "$@" 2> /tmp/said || { cat /tmp/said >&2; exit 3; }
  [ ! -s /tmp/said ] || refuse "$(cat /tmp/said)"
}

quietly git ls-files -z --others --exclude-from="$EXCLUDE" > /tmp/others
# A submodule of the base has a .git of the agent's, with programs in its configuration: it is compared by
# its commit, and git never looks into it.
git diff-files -z --name-status --ignore-submodules=dirty > /tmp/tracked
sed -zn 'N;s/^D\x00//p' /tmp/tracked > /tmp/deleted
sed -zn 'N;s/^[^D]\x00//p' /tmp/tracked > /tmp/modified

# Sizes before anything is read: a file of a terabyte may take no room at all.
sed -z 's,^,./,' /tmp/others /tmp/deleted /tmp/modified > /tmp/changed
entries=$(tr -dc '\0' < /tmp/changed | wc -c)
[ "$entries" -le "$ENTRIES_MAX" ] ||
  refuse "the change has $entries entries; at most $ENTRIES_MAX leave a workspace"
find -files0-from /tmp/changed -maxdepth 0 -type f -printf '%s\n' 2> /dev/null > /tmp/sizes || true
read -r bytes largest <<END
$(awk '{ all += $1 } $1 > most { most = $1 } END { printf "%d %d", all, most }' /tmp/sizes)
END
# Again, for its name: a size and a name in one line could be told apart by neither, and a name may hold any byte.
[ "$largest" -le "$BLOB_BYTES_MAX" ] ||
  refuse "a file of the change has $(find -files0-from /tmp/changed -maxdepth 0 -type f \
    -size "+${BLOB_BYTES_MAX}c" -printf '%s bytes: %p' -quit 2> /dev/null |
    head -c 400); at most $BLOB_BYTES_MAX bytes leave a workspace in one file"
[ "$bytes" -le "$BYTES_MAX" ] ||
  refuse "the files of the change have $bytes bytes; at most $BYTES_MAX leave a workspace"

: > /tmp/hidden
cp /tmp/modified /tmp/taken
if [ -s /tmp/others ]; then
  # It knows no literal paths; with a folder in front none is anything else. 1: none is ignored.
  sed -z 's,^,./,' /tmp/others |
    GIT_LITERAL_PATHSPECS=0 git check-ignore -z --stdin --no-index > /tmp/ignored || [ "$?" -eq 1 ]
  sed -z 's,^[.]/,,' /tmp/ignored | head -c 65536 > /tmp/hidden
  sed -zn '/\/$/!p' /tmp/others >> /tmp/taken
fi

# Not "add", which runs git inside of submodules. Each run reads and writes the whole index.
[ ! -s /tmp/deleted ] || quietly git update-index --force-remove -z --stdin < /tmp/deleted
[ ! -s /tmp/taken ] || quietly git update-index --add -z --stdin < /tmp/taken
# A repository in the tree is one entry, a commit: named as such, it is refused by its name.
sed -zn '/\/$/p' /tmp/others | xargs -0 -r git add -f --

tree=$(git write-tree)

# Prints a pack of what the base has not.
pack() {
  printf '%s\n^%s\n' "$tree" "$BASE" | git pack-objects --revs --thin --stdout -q
}
