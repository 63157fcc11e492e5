#!/bin/sh
# Builds a tree from what an agent left, with our own git directory, and packs what is new.
# The agent's .git, hooks, attributes outside the tree and excludes are never read.
set -eu
git init -q --bare /tmp/git
export GIT_DIR=/tmp/git GIT_WORK_TREE=/workspace GIT_INDEX_FILE=/tmp/index
echo /mirror/objects > /tmp/git/objects/info/alternates
# With its time: git looks into files as old as their index, and a copy made now would make a file that
# was changed in the second of its checkout, to the same size, look untouched.
cp -p /snapshot/.git/index /tmp/index
cp /run/proofhouse/exclude /tmp/git/info/exclude
cd /workspace
git -c core.bare=false -c core.autocrlf=false \
    -c core.attributesFile=/dev/null -c core.excludesFile=/dev/null -c advice.addEmbeddedRepo=false \
    add -A -- .
tree=$(git write-tree)
printf '%s\n^%s\n' "$tree" "$BASE" | git pack-objects --revs --thin --stdout -q > /out/pack
echo "$tree" > /out/tree
