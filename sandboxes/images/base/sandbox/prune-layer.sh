#!/bin/sh
# Takes everything that the base commit tracks out of a dependency layer: a layer is shared by every
# commit with the same manifests, and must never show an older version of a tracked file, nor hide one.
# Commands that removed such a file left a whiteout; a folder that they made anew hides the base's whole.
set -eu
. /opt/proofhouse/take-out-tracked.sh
cd /layer
find . -type c -delete
take_out_tracked
# Of a folder's mark that it hides what is below nothing is to be seen in here: a new one has none.
tracked_folders | sort -rz | xargs -0 -r sh -euc 'for folder in "$@"; do
  [ -d "$folder" ] || continue
  chmod u+rwx "$folder"
  new=$(mktemp -d ./new-XXXXXXXX)
  chmod --reference="$folder" "$new"
  find "$folder" -mindepth 1 -maxdepth 1 -exec mv -t "$new" -- {} +
  rmdir "$folder"
  mv -T "$new" "$folder"
done' sh
