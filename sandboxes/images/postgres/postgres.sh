#!/bin/sh
# A PostgreSQL for tests: on loopback, in memory, gone with its sandbox; whoever is inside may do anything.
set -eu
# initdb asks who it is, and the numeric user of a sandbox is nobody in /etc/passwd.
echo "postgres:x:$(id -u):$(id -g)::/tmp:/bin/sh" > /tmp/passwd
echo "postgres:x:$(id -g):" > /tmp/group
export NSS_WRAPPER_PASSWD=/tmp/passwd NSS_WRAPPER_GROUP=/tmp/group
LD_PRELOAD=$(find /usr/lib -name libnss_wrapper.so | head -n 1)
export LD_PRELOAD
DATA=${PGDATA:-/var/lib/postgresql/data}
initdb -D "$DATA" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync > /tmp/initdb.log \
  || { cat /tmp/initdb.log >&2; exit 1; }
if [ -n "${POSTGRES_DB:-}" ]; then
  echo "CREATE DATABASE \"$POSTGRES_DB\";" | postgres --single -D "$DATA" postgres > /dev/null
fi
# Nothing here outlives the sandbox, so nothing waits for a disk.
exec postgres -D "$DATA" -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=16MB
