#!/bin/sh
# base.sh WORK MIRROR SUITE CGROUP-VERSION PACKAGE...: a Debian or Ubuntu tree for node containers in WORK/tree.
# Runs as root on the Engine's host, with the host's own programs. Empty MIRROR and SUITE: as the host's apt has them.
set -eu
work=$1 mirror=$2 suite=$3 cgroup=$4
shift 4
tree=$work/tree

command -v debootstrap > /dev/null || {
  echo "debootstrap isn't there; install it (apt-get install debootstrap), or name an image in node_image_base" >&2
  exit 1
}
mkdir -p "$tree" /var/lib/apt/lists /var/cache/apt /var/lib/dpkg /var/tmp
touch /var/lib/dpkg/status

# What apt would fetch, as "URI RELEASE COMPONENT"; of the distribution itself, so not third parties'.
# shellcheck disable=SC2016 # apt's own variables
sources=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u)
host=$(echo "$sources" | awk '$3 == "main" && $2 !~ /[-\/]/ {print $1, $2; exit}')
[ -n "$mirror" ] || mirror=${host% *}
if [ -z "$suite" ]; then
  suite=${host#* }
  # Debian's systemd refuses cgroup v1 from 13 on.
  case $mirror in *debian*) if [ "$cgroup" = 1 ]; then suite=bookworm; fi ;; esac
fi
[ -n "$mirror" ] && [ -n "$suite" ] || {
  echo "apt's configuration has no mirror of a distribution; give node_image_mirror and node_image_suite" >&2
  exit 1
}
proxy=$(apt-config shell proxy Acquire::http::Proxy)
eval "$proxy"
if [ -n "${proxy:-}" ]; then export http_proxy="${http_proxy:-$proxy}"; fi

echo "debootstrap $suite from $mirror"
debootstrap --variant=minbase "$suite" "$tree" "$mirror" > "$work/debootstrap.log" 2>&1 || {
  tail -n 15 "$work/debootstrap.log" >&2
  exit 1
}

rm -f "$tree"/etc/apt/sources.list.d/*
{
  echo "deb $mirror $suite main"
  # the same for updates and security; universe is Ubuntu's
  echo "$sources" | awk -v from="${host#* }" -v to="$suite" \
    '$3 ~ /^(main|universe)$/ && ($2 == from || index($2, from "-") == 1) {sub(from, to, $2); print "deb", $1, $2, $3}'
} | sort -u > "$tree/etc/apt/sources.list"
cat > "$tree/etc/dpkg/dpkg.cfg.d/csk" << 'END'
force-unsafe-io
path-exclude /usr/share/doc/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
END
printf '#!/bin/sh\nexit 101\n' > "$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
cat /etc/resolv.conf > "$tree/etc/resolv.conf"

echo "packages"
DEBIAN_FRONTEND=noninteractive chroot "$tree" sh -ec '
  apt-get update -q
  apt-get dist-upgrade -q -y --no-install-recommends
  apt-get install -q -y --no-install-recommends "$@"
' sh "$@" > "$work/apt.log" 2>&1 || {
  tail -n 15 "$work/apt.log" >&2
  exit 1
}

# No hardware, no logins, no timers; networks are Docker's.
for unit in getty.target console-getty.service systemd-logind.service systemd-udevd.service systemd-udev-trigger.service \
  systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-modules-load.service systemd-resolved.service \
  systemd-networkd.service systemd-timesyncd.service systemd-pstore.service systemd-remount-fs.service \
  dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer motd-news.timer \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service; do
  ln -sf /dev/null "$tree/etc/systemd/system/$unit"
done

# Slim: none of it is read on a node. The licences stay.
find "$tree/usr/share/doc" -mindepth 2 ! -name copyright -delete 2> /dev/null || :
rm -rf "$tree"/usr/share/locale/* "$tree"/usr/share/man/* "$tree"/usr/share/info/* "$tree"/usr/share/bash-completion \
  "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* "$tree"/var/cache/debconf/*-old "$tree"/var/log/* "${tree:?}"/dev/* \
  "$tree"/usr/sbin/policy-rc.d "$tree"/etc/resolv.conf "$tree"/etc/hostname
: > "$tree/etc/machine-id"
