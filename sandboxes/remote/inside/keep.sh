# Makes a layer of what dependency commands left in /workspace: all but what the base commit tracks. It
# is there whole or not at all; whoever comes second drops its own.
. /opt/proofhouse/take-out-tracked.sh
cd /workspace
take_out_tracked
tracked_folders | sort -rz | xargs -0 -r rmdir --ignore-fail-on-non-empty -- 2> /dev/null || true
# Of the same run, ended half-way.
rm -rf "/var/tmp/$1"
mkdir "/var/tmp/$1"
cp -a /workspace/. "/var/tmp/$1"
mv -T "/var/tmp/$1" /var/tmp/files || rm -rf "/var/tmp/$1"
