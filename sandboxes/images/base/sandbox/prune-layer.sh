#!/bin/sh
# Takes everything that the base commit tracks out of a dependency layer: a layer is shared by every
# commit with the same manifests, and must never show an older version of a tracked file.
set -eu
cd /layer
git --git-dir=/mirror ls-tree -r -z --name-only "$BASE" | xargs -0 -r rm -rf --
rm -rf .git
