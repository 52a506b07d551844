# What installers source (platform.md 7.2, additions-2.md f.2, h.20): OSTYPE, Info, Error, PkgInstall, ReloadMgr.

MGRDIR=${MGRDIR:-@BASE@}

if [ -f /etc/redhat-release ]; then OSTYPE=REDHAT; else OSTYPE=DEBIAN; fi

Info() { printf '%s\n' "$*"; }

Error() { printf 'ERROR: %s\n' "$*" >&2; }

# The stand-in installs no packages on its machine: what was asked for is in var/pkginstall.log.
PkgInstall() { printf '%s\n' "$@" >>"$MGRDIR/var/pkginstall.log"; }

ReloadMgr() { "$MGRDIR/sbin/mgrctl" -m "${1:-billmgr}" -R exit >/dev/null 2>&1 || :; }
