#!/usr/bin/env bash
# Installs, where they are absent, the programs that the integration tests want: rclone, which the stand-ins of S3 and of
# Google Drive are held against, and openssl, which certifies the proxy that answers to Google's names.
# Needs a Debian system and root.
#
# Usage: scripts/integration-tools.sh
set -euo pipefail

absent=()
for program in rclone openssl; do
  if command -v "$program" >/dev/null; then
    echo "integration-tools: $("$program" version | head -n 1) is here"
  else
    absent+=("$program")
  fi
done
if [ ${#absent[@]} -eq 0 ]; then exit 0; fi
echo "integration-tools: installing ${absent[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null
for program in "${absent[@]}"; do "$program" version | head -n 1; done
