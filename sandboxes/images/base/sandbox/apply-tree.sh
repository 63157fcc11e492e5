#!/bin/sh
# Turns a workspace at BASE into TREE, touching changed paths only.
set -eu
umask 022
# git takes and gives back memory for each object it writes; kept, most of that time is spared.
export MALLOC_TOP_PAD_=33554432 MALLOC_TRIM_THRESHOLD_=33554432
git init -q --bare --template= /tmp/git
export GIT_DIR=/tmp/git GIT_WORK_TREE=/workspace GIT_INDEX_FILE=/tmp/index
printf '/mirror/objects\n/quarantine/objects\n' > /tmp/git/objects/info/alternates
cp -p /snapshot/.git/index /tmp/index
cd /workspace
git -c core.bare=false -c core.protectHFS=true -c core.protectNTFS=true read-tree --reset -u "$TREE"
