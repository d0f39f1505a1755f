#!/usr/bin/env bash
# Stops what scripts/ceph-up.sh DIR started, by the process ids it wrote there. Its data stays until the folder is removed.
#
# Usage: scripts/ceph-down.sh DIR
set -euo pipefail

DIR=${1:?usage: scripts/ceph-down.sh DIR}
for file in "$DIR"/run/*.pid; do
  [ -e "$file" ] || continue
  pid=$(cat "$file")
  # Gateway first would be politer, but nothing here is worth keeping.
  if kill "$pid" 2>/dev/null; then echo "ceph-down: stopped $(basename "$file" .pid) ($pid)"; fi
done
