#!/usr/bin/env bash
# Installs the S3 clients that the integration tests hold the stand-in against, when they are absent.
# Needs a Debian system and root.
#
# Usage: scripts/integration-tools.sh
set -euo pipefail

if command -v rclone >/dev/null; then
  echo "integration-tools: $(rclone version | head -n 1) is here"
  exit 0
fi
echo "integration-tools: installing rclone"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends rclone >/dev/null
rclone version | head -n 1
