# To be read in. Removes what BASE tracks from the folder it stands in: every file, and whatever took the
# place of a folder.
tracked_folders() { git --git-dir=/mirror ls-tree -r -d -z --name-only "$BASE"; }

take_out_tracked() {
  # From the top, so that nothing is looked for behind a link.
  tracked_folders | sort -z | xargs -0 -r sh -euc 'for folder in "$@"; do
    if [ -L "$folder" ] || { [ -e "$folder" ] && [ ! -d "$folder" ]; }; then rm -f "$folder"; fi
  done' sh
  git --git-dir=/mirror ls-tree -r -z --name-only "$BASE" | xargs -0 -r rm -rf --
  rm -rf .git
}
