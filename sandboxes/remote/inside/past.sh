# Makes the past of one base commit, and nothing of its future, out of the mirror.
[ ! -f /var/tmp/whole ] || exit 0
git init -q --bare --template= /var/tmp
printf '%s\n' "$BASE" | GIT_ALTERNATE_OBJECT_DIRECTORIES=/mirror/objects git --git-dir=/var/tmp \
  pack-objects --revs --delta-base-offset --window=0 -q /var/tmp/objects/pack/pack > /tmp/packed
echo "$BASE" > /var/tmp/HEAD
: > /var/tmp/whole
