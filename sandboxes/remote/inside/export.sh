# Prints what an agent left: the tree's id, how many bytes of names its own ignore files would hide, those,
# and a pack. What the base commit ignores comes in. The only index in the workspace lies where the agent
# could write, so one is made here and every file is looked at.
set -eu
cat > /tmp/exclude
if [ -d /layer/files ]; then
  # What the dependency commands made is no part of a change, folder by folder.
  git init -q --bare --template= /tmp/layer
  GIT_DIR=/tmp/layer GIT_INDEX_FILE=/tmp/layer-index \
    GIT_ALTERNATE_OBJECT_DIRECTORIES=/mirror/objects git read-tree "$BASE"
  GIT_INDEX_FILE=/tmp/layer-index git -c core.bare=false --git-dir=/tmp/layer --work-tree=/layer/files \
    ls-files --others --directory -z | tr '\n\0' '?\n' | sed 's/[][*?\\ #!]/\\&/g; s,^,/,' >> /tmp/exclude
fi
git init -q --bare --template= /tmp/look
export GIT_ALTERNATE_OBJECT_DIRECTORIES=/mirror/objects
looking="git -c core.bare=false -c core.autocrlf=false -c core.attributesFile=/dev/null --git-dir=/tmp/look"
GIT_INDEX_FILE=/tmp/looked-at $looking read-tree "$BASE"
# Ends badly where a file differs, which is what is looked for.
cd /workspace
GIT_INDEX_FILE=/tmp/looked-at $looking --work-tree=/workspace update-index -q --refresh || true
unset GIT_ALTERNATE_OBJECT_DIRECTORIES
mkdir /tmp/out
EXCLUDE=/tmp/exclude INDEX=/tmp/looked-at OUT=/tmp/out /opt/proofhouse/export.pl > /dev/null
cat /tmp/out/tree
wc -c < /tmp/out/hidden
cat /tmp/out/hidden /tmp/out/pack
