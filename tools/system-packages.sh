#!/bin/sh
# The programs that the tests drive: curl, as a client that we did not write; a session bus and GNOME Keyring, as the keychain of a desktop; and
# those named on the command line, which must be called like their Debian packages. Installs what is missing when it may, else says what to install.
set -eu
missing=""
command -v curl >/dev/null 2>&1 || missing="$missing curl"
test -e /etc/ssl/certs/ca-certificates.crt || test ! -d /etc/apt || missing="$missing ca-certificates"
command -v dbus-daemon >/dev/null 2>&1 || missing="$missing dbus-daemon"
command -v gnome-keyring-daemon >/dev/null 2>&1 || missing="$missing gnome-keyring"
for program in "$@"; do
  command -v "$program" >/dev/null 2>&1 || test -x "/usr/sbin/$program" || missing="$missing $program"
done
test -n "$missing" || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing$missing" >&2
  apt-get update -qq
  # shellcheck disable=SC2086  (a list of package names)
  # RUNLEVEL=1: nothing that is installed is started (invoke-rc.d(8))
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "the tests need$missing: as root, apt-get install$missing" >&2
  exit 1
fi
