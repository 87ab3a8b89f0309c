# What start, node and ctl share. Sourced, with the cluster's folder in FOLDER.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PACKAGES='etcd-server patroni haproxy postgresql'

fail() {
  echo "$*" >&2
  exit 1
}

say() { echo "$*" >&2; }

# The newest PostgreSQL of Debian's.
postgresql_programs() {
  local found
  found=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2> /dev/null | sort -V | tail -n 1)
  [ -n "$found" ] && echo "$found"
}

require_programs() {
  local program missing=()
  for program in etcd patroni patronictl haproxy; do command -v "$program" > /dev/null || missing+=("$program"); done
  POSTGRESQL=$(postgresql_programs) || missing+=(postgres)
  [ "${#missing[@]}" = 0 ] || fail "Not installed: ${missing[*]}. On Debian: apt-get install $PACKAGES"
}

# Root runs a program as postgres, in place of itself; who is not root stays who he is.
# In a session of its own, so that Ctrl-C reaches start alone; ended where its parent is killed.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    exec setsid setpriv --reuid postgres --regid postgres --init-groups --pdeathsig TERM env HOME="$FOLDER" "$@"
  fi
  exec setsid setpriv --pdeathsig TERM env HOME="$FOLDER" "$@"
}

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Ports and passwords are chosen once, and kept in a file that only we can read.
create_environment() {
  local base=${BASE_PORT:-15430}
  cat > "$FOLDER/environment" << END
HAPROXY_LISTEN=127.0.0.1:$base
NODE1_POSTGRESQL=127.0.0.1:$((base + 1))
NODE2_POSTGRESQL=127.0.0.1:$((base + 2))
NODE1_REST_PORT=$((base + 3))
NODE2_REST_PORT=$((base + 4))
PATRONI_ETCD_HOSTS=127.0.0.1:$((base + 5))
PEER_OF_ETCD=127.0.0.1:$((base + 6))
PATRONI_SCOPE=authtoken
PATRONI_SUPERUSER_USERNAME=postgres
PATRONI_SUPERUSER_PASSWORD=$(secret)
PATRONI_REPLICATION_USERNAME=replicator
PATRONI_REPLICATION_PASSWORD=$(secret)
PATRONI_REWIND_USERNAME=rewind
PATRONI_REWIND_PASSWORD=$(secret)
PATRONI_RESTAPI_USERNAME=patroni
PATRONI_RESTAPI_PASSWORD=$(secret)
AUTHTOKEN_DATABASE_PASSWORD=$(secret)
END
}

load_environment() {
  [ -r "$FOLDER/environment" ] || fail "No cluster in $FOLDER"
  # shellcheck source=/dev/null
  . "$FOLDER/environment"
}

# The environment of one node's Patroni.
export_node() {
  local address="NODE$1_POSTGRESQL" port="NODE$1_REST_PORT"
  PATRONI_NAME=node$1
  PATRONI_POSTGRESQL_LISTEN=${!address}
  PATRONI_POSTGRESQL_CONNECT_ADDRESS=${!address}
  PATRONI_POSTGRESQL_DATA_DIR=$FOLDER/node$1/data
  PATRONI_POSTGRESQL_PGPASS=$FOLDER/node$1/pgpass
  PATRONI_POSTGRESQL_BIN_DIR=$POSTGRESQL
  PATRONI_RESTAPI_LISTEN=127.0.0.1:${!port}
  PATRONI_RESTAPI_CONNECT_ADDRESS=127.0.0.1:${!port}
  export "${!PATRONI_@}"
}
