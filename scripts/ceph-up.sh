#!/usr/bin/env bash
# Brings up a real S3 for the integration tests: one Ceph monitor, one OSD in memory and the RADOS gateway, on loopback.
# Needs a Debian system and root (packages are installed when they are absent).
#
# Usage: scripts/ceph-up.sh DIR
#   DIR  a folder for its data; emptied when Ceph is started, untouched when it already answers.
#
# Afterwards: endpoint http://127.0.0.1:7480, path style, access key and secret S3RVER.
set -euo pipefail

DIR=${1:?usage: scripts/ceph-up.sh DIR}
URL=http://127.0.0.1:7480
SECONDS=0
say() { echo "ceph-up: ${SECONDS}s $*"; }

if curl --silent --output /dev/null --max-time 5 "$URL/"; then
  say "already answering on $URL"
  exit 0
fi

if ! command -v radosgw >/dev/null || ! command -v ceph-osd >/dev/null || ! command -v curl >/dev/null; then
  say "installing ceph-mon ceph-osd radosgw ceph-common"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends ceph-mon ceph-osd radosgw ceph-common curl >/dev/null
fi

# The folder is emptied below: only one that is empty, absent or of our own making is taken.
if [ -e "$DIR" ] && [ -n "$(ls -A "$DIR")" ] && [ ! -e "$DIR/ceph.conf" ]; then
  echo "ceph-up: $DIR is not empty and not Ceph's; give another folder" >&2
  exit 1
fi
rm -rf "$DIR"
mkdir -p "$DIR"/{mon,osd,run,log,rgw}
DIR=$(cd "$DIR" && pwd)
CLUSTER=$(cat /proc/sys/kernel/random/uuid)
OSD=$(cat /proc/sys/kernel/random/uuid)

# tcp_nodelay: each request costs some 45 ms without it. memstore_page_size: 50 kB for each object without it.
cat >"$DIR/ceph.conf" <<CONF
[global]
fsid = $CLUSTER
mon_host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
keyring = $DIR/keyring
auth_allow_insecure_global_id_reclaim = false
mon_data = $DIR/mon
mon_data_avail_warn = 1
mon_data_avail_crit = 1
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_warn_on_pool_no_redundancy = false
osd_data = $DIR/osd
osd_objectstore = memstore
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
memstore_device_bytes = 8589934592
memstore_page_size = 4096
run_dir = $DIR/run
log_file = $DIR/log/\$name.log
admin_socket = $DIR/run/\$name.asok
pid_file = $DIR/run/\$name.pid
[client.rgw.a]
rgw_data = $DIR/rgw
rgw_frontends = beast endpoint=127.0.0.1:7480 tcp_nodelay=1
rgw_crypt_require_ssl = false
rgw_thread_pool_size = 64
CONF

say "making keys and the monitor"
ceph-authtool -C "$DIR/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
ceph-authtool "$DIR/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
ceph-authtool "$DIR/keyring" --gen-key -n client.rgw.a --cap mon 'allow *' --cap osd 'allow *'
ceph-authtool "$DIR/keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
monmaptool --create --fsid "$CLUSTER" --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' "$DIR/monmap" >/dev/null
ceph-mon -c "$DIR/ceph.conf" -i a --mkfs --monmap "$DIR/monmap" --keyring "$DIR/keyring"
ceph-mon -c "$DIR/ceph.conf" -i a --setuser root --setgroup root

say "making the OSD"
timeout 60 ceph -c "$DIR/ceph.conf" osd new "$OSD" >/dev/null
ceph-osd -c "$DIR/ceph.conf" -i 0 --mkfs --osd-uuid "$OSD" 2>>"$DIR/log/mkfs.err"
ceph-osd -c "$DIR/ceph.conf" -i 0 --setuser root --setgroup root >/dev/null
for _ in $(seq 1 120); do
  ceph -c "$DIR/ceph.conf" osd stat 2>/dev/null | grep -q '1 up' && break
  sleep 0.5
done

say "starting the gateway"
radosgw -c "$DIR/ceph.conf" -n client.rgw.a --setuser root --setgroup root
for _ in $(seq 1 240); do
  curl --silent --output /dev/null "$URL/" && break
  sleep 0.25
done
curl --silent --output /dev/null "$URL/" || { echo "ceph-up: no answer on $URL; see $DIR/log" >&2; exit 1; }

radosgw-admin -c "$DIR/ceph.conf" user create --uid=sluice --display-name=sluice \
  --access-key=S3RVER --secret=S3RVER >/dev/null
say "answering on $URL, key and secret S3RVER; stop it with scripts/ceph-down.sh $DIR"
