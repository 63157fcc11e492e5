# Builds a tree from what an agent left and prints its id and a pack of what is new. Its .git is never
# read, its index neither: every file is looked at, because nothing else here was written by us.
git init -q --bare /tmp/git
export GIT_DIR=/tmp/git GIT_INDEX_FILE=/tmp/index
echo /mirror/objects > /tmp/git/objects/info/alternates
git read-tree "$BASE"
if [ -d /layer/files ]; then
  # What the dependency commands made is no part of a change, folder by folder.
  git -c core.bare=false --work-tree=/layer/files ls-files --others --directory -z |
    tr '\n\0' '?\n' | sed 's/[][*?\\ #!]/\\&/g; s,^,/,' > /tmp/git/info/exclude
fi
export GIT_WORK_TREE=/workspace
cd /workspace
git -c core.bare=false -c core.autocrlf=false \
    -c core.attributesFile=/dev/null -c core.excludesFile=/dev/null -c advice.addEmbeddedRepo=false \
    add -A -- .
tree=$(git write-tree)
echo "$tree"
printf '%s\n^%s\n' "$tree" "$BASE" | git pack-objects --revs --thin --stdout -q
