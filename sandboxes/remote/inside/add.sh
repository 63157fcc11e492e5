# Takes a pack into the mirror and names the commit it was for.
export GIT_DIR=/var/tmp
git index-pack --stdin --fix-thin --strict > /tmp/said
git update-ref "refs/bases/$BASE" "$BASE"
