#!/bin/sh
# Takes out of a workspace what an agent left, as a tree and a pack in /out.
EXCLUDE=/run/proofhouse/exclude INDEX=/snapshot/.git/index
. /opt/proofhouse/build-tree.sh
cp /tmp/hidden /out/hidden
pack > /out/pack
echo "$tree" > /out/tree
