# Makes a layer of what dependency commands left in /workspace: all but what the base commit tracks. It
# is there whole or not at all; whoever comes second drops its own.
cd /workspace
git --git-dir=/mirror ls-tree -r -z --name-only "$BASE" | xargs -0 -r rm -rf --
git --git-dir=/mirror ls-tree -r -d -z --name-only "$BASE" | sort -rz |
  xargs -0 -r rmdir --ignore-fail-on-non-empty -- 2> /dev/null || true
rm -rf .git
mkdir "/var/tmp/$1"
cp -a /workspace/. "/var/tmp/$1"
mv -T "/var/tmp/$1" /var/tmp/files || rm -rf "/var/tmp/$1"
