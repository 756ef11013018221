#!/bin/sh
# install_packages.sh PYTHON [postgresql]: install the Debian packages that csk needs and this machine lacks.
# Only root installs anything, only on Debian or Ubuntu. It is sh, because the Python that runs the other tools may be
# among what is lacking.
# shellcheck disable=SC2046,SC2086 # lists of words
set -eu
cd "$(dirname "$0")/.."
python=$1
more=${2:-}
log=build/apt.log
apt="apt-get --quiet --yes -o DPkg::Lock::Timeout=300"
PATH=$PATH:/usr/sbin:/sbin

# Of a package, and a file that it brings: the package, where the file isn't there.
lack() {
  [ -e "$2" ] || echo "$1"
}

# Without these, nothing works here.
needed() {
  "$python" -c 'import ensurepip' 2> /dev/null || echo "${python##*/} ${python##*/}-venv"
  [ -n "${DOCKER_HOST:-}" ] || [ -S /var/run/docker.sock ] || command -v dockerd > /dev/null || {
    echo docker.io
    # An Engine can't start containers without it where the kernel has AppArmor.
    [ ! -d /sys/kernel/security/apparmor ] || lack apparmor /sbin/apparmor_parser
  }
}

# Building release and node image: the authorities that servers are checked by; a Debian tree to make nodes of; compiling
# runc and flannel, which use C; compressing fast. Go comes from PyPI where it isn't there.
for_builds() {
  lack ca-certificates /etc/ssl/certs/ca-certificates.crt
  lack debootstrap /usr/sbin/debootstrap
  lack gcc /usr/bin/gcc
  lack gpgv /usr/bin/gpgv
  lack libc6-dev /usr/include/stdlib.h
  lack libseccomp-dev /usr/include/seccomp.h
  lack pigz /usr/bin/pigz
  lack pkg-config /usr/bin/pkg-config
  [ "$more" != postgresql ] || lack postgresql /usr/lib/postgresql/*/bin/initdb
}

all() {
  echo $(needed) $(for_builds)
}

# apt-get download takes packages for the images from where apt's lists say; slim machines have none.
lists() {
  set -- /var/lib/apt/lists/*_Packages*
  [ -e "$1" ]
}

run() {
  echo "+ $*" >> "$log"
  # Not the lock: what a package starts would keep it.
  "$@" < /dev/null >> "$log" 2>&1 9>&-
}

must() {
  run "$@" || {
    echo "csk: $* ended with $?." >&2
    echo "Do: read $PWD/$log, mend it, and run make again." >&2
    exit 1
  }
}

missing=$(all)
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  if [ -n "$(needed)" ]; then
    echo "csk: this machine lacks $missing (the names are Debian's)." >&2
    echo "Do: run make as root on Debian or Ubuntu, or have root install them: apt-get install $missing" >&2
    exit 1
  fi
  [ -z "$missing" ] || echo "-- not installed here, and needed only for what is built or tested on this machine: $missing"
  exit 0
fi
[ -n "$missing" ] || ! lists || exit 0

mkdir -p build
exec 9> build/.machine.lock
flock --nonblock 9 || {
  echo "-- waiting for another make that works on machine"
  flock 9
}
export DEBIAN_FRONTEND=noninteractive
missing=$(all)
if [ -n "$missing" ]; then
  echo "-- installing Debian packages: $missing"
  # It ends what a killed installation left half done.
  must dpkg --configure -a
  must $apt update
  must $apt install --no-install-recommends $missing
elif ! lists; then
  echo "-- reading apt's lists of packages"
  run $apt update || echo "-- they can't be had now; only what is built from modules needs them"
fi
