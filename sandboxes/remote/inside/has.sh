# Prints the commits whose history the mirror in the volume holds, and makes it when there is none.
export GIT_DIR=/var/tmp
git init -q --bare
git for-each-ref --format='%(objectname)' refs/bases
