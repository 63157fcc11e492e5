#!/bin/sh
# Makes the snapshot of one commit in /snapshot. Objects stay in the mirror; nothing is copied twice.
set -eu
umask 022
cd /snapshot
git init -q .
echo /mirror/objects > .git/objects/info/alternates
git update-ref --no-deref HEAD "$BASE"
git read-tree "$BASE"
git checkout-index -q -f -a -u
