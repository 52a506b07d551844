#!/bin/sh
# Puts the add-on into a panel's tree (`install.sh install`) or takes it out again (`install.sh uninstall`). `make install`
# and `make uninstall` call it with these variables in the environment:
#
#   PREFIX      the panel's tree, /usr/local/mgr5
#   CRONDIR, LOGROTATEDIR
#               where the files for cron and logrotate go: /etc/cron.d and /etc/logrotate.d for the standard tree,
#               PREFIX/etc/cron.d and PREFIX/etc/logrotate.d for any other
#   PYTHON      the interpreter to build on, python3
#   WHEELS      a directory of wheels, for hosts without network (docs/operators.md says how to fill it)
#   CHECKEVENT, SETREMOTEID
#               func or event: do not ask the panel whether it has a function `checkevent`, `item.setremoteid` of its own
set -eu
umask 022
unset PYTHONPATH PYTHONHOME # would bring other code into the environment that is built
cd "$(dirname "$0")/.."

STANDARD=/usr/local/mgr5
PREFIX=${PREFIX-$STANDARD} # an empty one is a slip, not the standard
PREFIX=${PREFIX%/}
PYTHON=${PYTHON:-python3}
WHEELS=${WHEELS:-}
CHECKEVENT=${CHECKEVENT:-}
SETREMOTEID=${SETREMOTEID:-}
if [ "$PREFIX" = "$STANDARD" ]; then
    etc=/etc
else
    etc=$PREFIX/etc
fi
CRONDIR=${CRONDIR:-$etc/cron.d}
LOGROTATEDIR=${LOGROTATEDIR:-$etc/logrotate.d}
MGRCTL=$PREFIX/sbin/mgrctl
LIB=$PREFIX/lib/reseller
MANIFEST=$LIB/manifest
STOCK=$PREFIX/etc/xml/billmgr_mod_reseller # and _checkevent.xml, _setremoteid.xml: what the panel may have itself

. scripts/tree.sh

fail() {
    echo "$*" >&2
    exit 1
}

check() {
    for path in "$PREFIX" "$CRONDIR" "$LOGROTATEDIR"; do
        case $path in
        "") fail "PREFIX is empty. Name the panel's tree: make install PREFIX=..." ;;
        [!/]*) fail "$path is not an absolute path." ;;
        *[!A-Za-z0-9/._+-]*) fail "'$path' cannot be used: it goes into first lines (#!), crontabs and a logrotate file, where only letters, digits and / . _ + - are safe." ;;
        esac
    done
    shebang="#!$LIB/venv/bin/python -I"
    [ "${#shebang}" -le 127 ] || fail "$PREFIX is too long: older kernels cut a first line (#!) off after 127 characters."
    for said in "CHECKEVENT=$CHECKEVENT" "SETREMOTEID=$SETREMOTEID"; do
        case ${said#*=} in
        "" | func | event) ;;
        *) fail "${said%%=*} is func or event, not ${said#*=}." ;;
        esac
    done
    [ "$PREFIX" != "$STANDARD" ] || [ "$(id -u)" -eq 0 ] || fail "Run this as root: $PREFIX belongs to it."
}

# Every file of ours: mode, source, destination.
plan() {
    for file in addon/reseller addon/reseller_lists processing/pmreseller sbin/resellerctl; do
        echo "750 $file $PREFIX/$file"
    done
    for file in xml/*.xml; do
        echo "640 $file $PREFIX/etc/$file"
    done
    echo "640 xml/stock/billmgr_mod_reseller_checkevent_$CHECKEVENT.xml ${STOCK}_checkevent.xml"
    echo "640 xml/stock/billmgr_mod_reseller_setremoteid_$SETREMOTEID.xml ${STOCK}_setremoteid.xml"
    echo "644 etc/cron.d/reseller $CRONDIR/reseller"
    echo "644 etc/logrotate.d/reseller $LOGROTATEDIR/reseller"
}

installed() {
    plan | while read -r _ _ destination; do echo "$destination"; done
}

# Directories that the files need and the tree does not have, marked by a slash at the end.
missing_directories() {
    { echo "$MANIFEST"; installed; } | while read -r directory; do
        directory=$(dirname "$directory")
        while [ ! -d "$directory" ]; do
            echo "$directory/"
            directory=$(dirname "$directory")
        done
    done
}

recorded() {
    [ ! -f "$MANIFEST" ] || cat "$MANIFEST"
}

# Everything that the manifest names is removed as root one day.
check_manifest() {
    [ ! -L "$MANIFEST" ] && { [ -f "$MANIFEST" ] || [ ! -e "$MANIFEST" ]; } ||
        fail "$MANIFEST is no file. Nothing was changed: find out what it is, and move it away."
    recorded | while IFS= read -r line; do
        is_ours "$line" ||
            fail "$MANIFEST names $(printf '%.300s' "$line" | LC_ALL=C tr -c ' -~' '?'), which is no file of ours in $PREFIX, $CRONDIR or $LOGROTATEDIR. Nothing was changed. Name CRONDIR= and LOGROTATEDIR= as at the install, or take the line out of the manifest."
    done
}

refuse_what_is_not_ours() {
    installed | while read -r destination; do
        { [ ! -e "$destination" ] && [ ! -L "$destination" ]; } || recorded | grep -qxF "$destination" ||
            fail "$destination is there and was not installed by us: move it away first."
    done
}

# The panel's own interpreters and packages come and go with its updates, so we bring ours. Built beside the old one
# and then switched by one rename: the panel may start us at any moment.
build_environment() {
    environment=$LIB/venv-$(date +%Y%m%d-%H%M%S)-$$
    echo "Building $environment"
    "$PYTHON" -m venv "$environment"
    "$environment/bin/python" -I scripts/requirements.py ${WHEELS:+"$WHEELS"} ||
        fail "The libraries could not be installed, see above. On a host without network name a directory with their wheels: make install WHEELS=... (docs/operators.md says how to fill it), or install the package."
    # Plain Python: there is nothing to build, so nothing that builds has to be there.
    library=$("$environment/bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/reseller
    cp -R reseller "$library"
    cp requirements.txt "$environment/" # `resellerctl doctor` compares with it
    find "$library" -name __pycache__ -type d -prune -exec rm -rf {} +
    "$environment/bin/python" -I -m compileall -q "$library"
    "$environment/bin/python" -I -c 'import lxml.etree, pymysql, requests, reseller'
}

put() { # mode, source, destination
    mkdir -p "$(dirname "$3")"
    case $2 in
    etc/*) lines=1,\$ ;;
    *) lines=1 ;;
    esac
    sed "$lines s|$STANDARD/|$PREFIX/|g" "$2" >"$scratch/file"
    replace "$1" "$3" <"$scratch/file"
}

# Nothing must be left behind by a failure, least of all a panel without `checkevent`.
clean_up() {
    code=$?
    if [ "$code" -ne 0 ]; then
        [ -z "${environment:-}" ] || [ "$(readlink "$LIB/venv")" = "${environment##*/}" ] || rm -rf "$environment"
        [ ! -f "$scratch/noted" ] || forget_directories
        put_stock_back
    fi
    rm -rf "$scratch"
}

# Directories that will be made are recorded before the first of them is, so that an install that was killed while it was
# building the environment leaves none that nobody takes out.
note_directories() {
    mkdir -p "$LIB"
    : >"$scratch/noted"
    sort -u "$scratch/before" "$scratch/created" | replace 644 "$MANIFEST"
}

forget_directories() {
    if [ -s "$scratch/before" ]; then replace 644 "$MANIFEST" <"$scratch/before"; else rm -f "$MANIFEST"; fi
    remove_directories <"$scratch/created"
}

remove_directories() {
    sort -r | while read -r directory; do rmdir "$directory" 2>/dev/null || true; done # others may use them by now
}

# What a package manager has put there is its own: it would write over ours, and take ours away one day.
refuse_a_package() {
    [ ! -e "$LIB/modes" ] ||
        fail "A package is installed in $PREFIX. To take its place, remove it first (the tables stay, and with them every link): apt-get purge billmanager-plugin-reseller, or dnf remove billmanager-plugin-reseller."
}

install() {
    refuse_a_package
    [ -x "$MGRCTL" ] || fail "$PREFIX is not a panel's tree: it has no sbin/mgrctl. Name the tree: make install PREFIX=..."
    scripts/prerequisites.sh python
    check_manifest
    refuse_what_is_not_ours
    remove_unfinished
    recorded >"$scratch/before"
    missing_directories >"$scratch/created"
    note_directories
    build_environment
    choose_stock

    # What we are about to write is recorded first, so that even an interrupted install can be taken out.
    { installed; cat "$scratch/created"; grep '/$' "$scratch/before" || true; } | sort -u >"$scratch/after"
    sort -u "$scratch/before" "$scratch/after" >"$scratch/all"
    replace 644 "$MANIFEST" <"$scratch/all"
    rm "$scratch/noted"
    ln -sfT "${environment##*/}" "$LIB/venv.new"
    mv -fT "$LIB/venv.new" "$LIB/venv"
    plan | while read -r mode source destination; do put "$mode" "$source" "$destination"; done
    rm -f "$STOCK"_*.xml.aside
    grep -vxFf "$scratch/after" "$scratch/before" | while read -r obsolete; do rm -f "$obsolete" || true; done
    replace 644 "$MANIFEST" <"$scratch/after"
    for old in "$LIB"/venv-*; do
        [ "$old" = "$environment" ] || rm -rf "$old"
    done

    xargs ls -ld "$LIB/venv" <"$MANIFEST"
    echo "Installed version $("$LIB/venv/bin/python" -I -c 'import reseller; print(reseller.__version__)') in $PREFIX."
    restart_panel || echo "The panel could not be restarted and does not know us yet. Run: $MGRCTL -m billmgr exit"
    echo "What comes next: $PREFIX/sbin/resellerctl doctor, then the connection to a seller (docs/operators.md)."
}

uninstall() {
    refuse_a_package
    [ -f "$MANIFEST" ] || fail "Nothing to take out: $MANIFEST is not there."
    check_manifest
    # How many services stay at sellers; and figures that nobody would renew are taken away.
    timeout 100 "$PREFIX/sbin/resellerctl" uninstall --before-removal </dev/null ||
        echo "How many services stay at sellers could not be counted."
    grep '/$' "$MANIFEST" >"$scratch/created" || true
    grep -v '/$' "$MANIFEST" | while read -r file; do rm -f "$file" || true; done
    remove_unfinished
    rm -rf "$LIB"/venv* "$STOCK"_*.xml.aside
    remove_directories <"$scratch/created"
    # Last, with the directories above it: whoever is killed before this can uninstall again.
    rm -f "$MANIFEST"
    remove_directories <"$scratch/created"
    echo "Taken out of $PREFIX. The tables reseller_* of its database were kept, with every link to a remote service;"
    echo "services and connections that name the module pmreseller still do, and work again after the next install."
    restart_panel || echo "The panel could not be restarted and still looks for us. Run: $MGRCTL -m billmgr exit"
}

check
scratch=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' HUP INT TERM
: >"$scratch/created"
case ${1:-} in
install) install ;;
uninstall) uninstall ;;
*) fail "usage: $0 install|uninstall" ;;
esac
