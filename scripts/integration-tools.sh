#!/usr/bin/env bash
# Installs, where they are absent, the programs that the integration tests want: rclone, which the stand-ins of S3 and of
# Google Drive are held against, openssl, which certifies the proxy that answers to Google's names, and redis-server, which the
# tests start by themselves.
# Needs a Debian system and root.
#
# Usage: scripts/integration-tools.sh
set -euo pipefail

version() { if [ "$1" = redis-server ]; then "$1" --version; else "$1" version; fi | head -n 1; }

absent=()
for program in rclone openssl redis-server; do
  if command -v "$program" >/dev/null; then
    echo "integration-tools: $(version "$program") is here"
  else
    absent+=("$program")
  fi
done
if [ ${#absent[@]} -eq 0 ]; then exit 0; fi
echo "integration-tools: installing ${absent[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null
for program in "${absent[@]}"; do version "$program"; done
