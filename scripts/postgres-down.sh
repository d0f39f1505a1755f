#!/usr/bin/env bash
# Stops the Postgres that scripts/postgres-up.sh started; its data stays.
#
# Usage: scripts/postgres-down.sh DIR
set -euo pipefail

DIR=${1:?usage: scripts/postgres-down.sh DIR}
BIN=$(find /usr/lib/postgresql -path '*/bin/pg_ctl' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname)
if [ -n "$BIN" ] && [ -e "$DIR/postmaster.pid" ]; then
  runuser -u postgres -- "$BIN/pg_ctl" stop --silent --mode fast --pgdata "$DIR"
  echo "postgres-down: stopped"
fi
