#!/bin/sh
# Installs the Debian packages that the tests start for real, when they are missing. Needs root only then.
# No daemon is left running: starting services is forbidden while they install.
set -eu
missing=
need() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $1"; }
need prometheus
need prometheus-alertmanager
need prometheus-node-exporter
need e2fsprogs
need util-linux
need systemd
need procps
need zstd
need xz-utils
need lz4
need chromium
need systemd-journal-remote
need smartmontools
need nvme-cli
need python3
need freeipmi-tools
need ipmitool
need openipmi
need infiniband-diags
need ibsim-utils
need opensm
need libfaketime
[ -n "$missing" ] || exit 0
echo "installing Debian packages for the tests:$missing"
if [ "$(id -u)" != 0 ]; then
  echo "Cannot install$missing: not root. Run: sudo apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 ||
  { apt-get update >/dev/null && apt-get install -y --no-install-recommends $missing >/dev/null; }
