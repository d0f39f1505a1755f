#!/usr/bin/env bash
# Brings up a real Postgres for the integration tests, on loopback, with data of its own.
# Needs a Debian system and root (packages are installed when they are absent).
#
# Usage: scripts/postgres-up.sh DIR
#   DIR  a folder for its data; made where it is not there.
#
# Afterwards: postgres://sluice@127.0.0.1:5439/sluice, no password.
set -euo pipefail

DIR=${1:?usage: scripts/postgres-up.sh DIR}
PORT=5439
SECONDS=0
say() { echo "postgres-up: ${SECONDS}s $*"; }
newest() { find /usr/lib/postgresql -path '*/bin/pg_ctl' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname; }

if [ -z "$(newest)" ]; then
  say "installing postgresql"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends postgresql >/dev/null
fi
BIN=$(newest)

if "$BIN/pg_isready" --quiet --host 127.0.0.1 --port "$PORT"; then
  say "already answering on port $PORT"
  exit 0
fi

# Postgres refuses to be run by root.
mkdir -p "$DIR"
chown postgres "$DIR"
chmod 711 "$(dirname "$DIR")"
as_postgres() { runuser -u postgres -- "$@"; }
if [ ! -e "$DIR/PG_VERSION" ]; then
  say "making the cluster"
  as_postgres "$BIN/initdb" --pgdata "$DIR" --username sluice --auth trust --encoding UTF8 --no-locale --no-sync >/dev/null
fi
as_postgres "$BIN/pg_ctl" start --wait --silent --pgdata "$DIR" --log "$DIR/log" \
  --options "-p $PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories=$DIR"
"$BIN/createdb" --host 127.0.0.1 --port "$PORT" --username sluice sluice 2>/dev/null || true
say "answering on postgres://sluice@127.0.0.1:$PORT/sluice; stop it with scripts/postgres-down.sh $DIR"
