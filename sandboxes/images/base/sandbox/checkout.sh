#!/bin/sh
# Makes the snapshot of one commit in /snapshot. Objects stay in the mirror; nothing is copied twice.
# Everything is made by the user that owns it in a workspace, so the index knows the files as they will
# be seen there: one that was owned by another before would have to be read again by the first status.
set -eu
umask 022
# git takes and gives back memory for each object it writes; kept, most of that time is spared.
export MALLOC_TOP_PAD_=33554432 MALLOC_TRIM_THRESHOLD_=33554432
cd /snapshot
git init -q --template= .
git config core.logAllRefUpdates false
mkdir -p .git/info
echo /mirror/objects > .git/objects/info/alternates
git update-ref --no-deref HEAD "$BASE"
git read-tree "$BASE"
git -c core.protectHFS=true -c core.protectNTFS=true checkout-index -q -f -a -u
