# Fills an empty volume with the base commit, its dependencies, and what turns it into TREE. Objects of
# history stay in the mirror. The objects of TREE come as a pack and go into neither.
umask 022
cd /var/tmp
git init -q .
echo /mirror/objects > .git/objects/info/alternates
git update-ref --no-deref HEAD "$BASE"
git read-tree "$BASE"
git checkout-index -q -f -a -u
# The folder of the volume itself is not ours to change.
[ ! -d /layer/files ] || find /layer/files -mindepth 1 -maxdepth 1 -exec cp -a -t . {} +
# What a workspace may hold is counted from here.
counted() { du --summarize "$@" /var/tmp | cut -f 1; }
laid() { echo "$(counted --block-size=1) $(counted --inodes)"; }
[ -n "${TREE:-}" ] || { laid; exit 0; }
git init -q --bare /tmp/git
echo /mirror/objects > /tmp/git/objects/info/alternates
cp -p .git/index /tmp/index
export GIT_DIR=/tmp/git GIT_WORK_TREE=/var/tmp GIT_INDEX_FILE=/tmp/index
git index-pack --stdin --fix-thin > /tmp/said
git -c core.bare=false read-tree --reset -u "$TREE"
laid
