#!/bin/sh
# Sees to it that build/mysql has a MySQL server, 8 or newer, for tests on it (`make test DATABASE=mysql`):
#
#   build/mysql/mysqld   starts it
#   build/mysql/data     a fresh data directory, to be copied
#
# A MySQL of this machine is used where there is one. Otherwise the server is fetched from Debian's unstable suite, with
# all libraries that it needs and the C library, unpacked, and started by the loader that came with it. Nothing is
# installed, no service is started, root is not needed; apt works on a state of its own, which is removed again.
# Where it fetches from are this machine's own sources with the suite exchanged; `mysql.sh sources FILE...` prints what
# becomes of such files.
set -eu
umask 022
cd "$(dirname "$0")/.."

OLDEST=8
SUITE=sid
PLACE=$PWD/build/mysql
FRESH=$PLACE.new
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/libexec

fail() {
    echo "No MySQL server for the tests: $*" >&2
    exit 1
}

version() { # of a server program; empty for MariaDB, and for what does not run
    "$1" --no-defaults --version 2>/dev/null | grep -v MariaDB | sed -n 's/.*Ver \([0-9][0-9.]*\).*/\1/p'
}

mysql() {
    now=$(version "$PLACE/mysqld")
    # The data directory belongs to the version that made it: a newer server would convert each copy anew.
    if [ -n "$now" ] && [ "$now" = "$(cat "$PLACE/version" 2>/dev/null)" ]; then
        return
    fi
    rm -rf "$FRESH"
    mkdir -p "$FRESH"
    own=$(command -v mysqld || true)
    if [ -n "$own" ] && found=$(version "$own") && [ "${found%%.*}" -ge "$OLDEST" ] 2>/dev/null; then
        ln -s "$own" "$FRESH/mysqld"
    else
        fetch
    fi
    make_data
    rm -rf "$PLACE"
    mv "$FRESH" "$PLACE"
    echo "MySQL $(cat "$PLACE/version") is in build/mysql."
}

fetch() {
    for tool in apt-get dpkg-deb; do
        command -v $tool >/dev/null || fail "there is no mysqld, $OLDEST or newer, and no $tool to fetch one with. Install MySQL."
    done
    echo "MySQL is missing. Fetching it from Debian's suite $SUITE into build/mysql (60 MB)"
    apt=$FRESH/apt
    mkdir -p "$apt/sources" "$apt/none" "$apt/state/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    machine_sources list >"$apt/sources/own.list"
    machine_sources sources >"$apt/sources/own.sources"
    # A source that has no such suite is no matter if another one has.
    apt get update >"$apt/log" 2>&1 || true
    package=$(apt cache search --names-only '^mysql-server-core(-[0-9.]+)?$' | awk '{ print $1 }' | sort -V | head -n 1)
    if [ -z "$package" ] ||
        ! apt get -y --no-install-recommends --download-only install "$package" >>"$apt/log" 2>&1; then
        cat "$apt/log" >&2
        fail "the sources of this machine do not give mysql-server-core of Debian's $SUITE, see above. Install MySQL $OLDEST or newer, or let apt reach Debian's archive."
    fi
    for file in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$file" "$FRESH/root"
    done
    rm -rf "$apt"
    write_starter
}

# No package counts as installed, so apt fetches everything that the server needs. How to fetch is as on the machine.
apt() { # get or cache, and its words
    program=apt-$1
    shift
    "$program" -q -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$apt/none" \
        -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
}

machine_sources() { # list or sources: what becomes of the files of this format that apt reads here
    eval "$(apt-config shell LIST Dir::Etc::sourcelist/f PARTS Dir::Etc::sourceparts/d)"
    for file in "$LIST" "$PARTS"*."$1"; do
        case $file in *."$1") [ ! -f "$file" ] || sources "$file" ;; esac
    done
}

# What names a suite of Debian's, in either format, with $SUITE instead. Other archives have no such suite.
sources() {
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    ours='function ours(word) { return word == codename || word ~ /^(oldstable|stable|testing|unstable|sid)$/ }'
    for file; do
        case $file in
        *.list) rules=$PLAIN ;;
        *) rules=$STANZAS ;;
        esac
        awk -v suite="$SUITE" -v codename="$codename" "$ours $rules" "$file"
    done
}

# shellcheck disable=SC2016
PLAIN='
match($0, /^[ \t]*deb[ \t]+(\[[^]]*\][ \t]+)?[^ \t]+[ \t]+/) {
    start = substr($0, 1, RLENGTH)
    if (split(substr($0, RLENGTH + 1), rest) > 1 && ours(rest[1])) print start suite " main"
}'
STANZAS='
function finish() {
    if (fit && binary && !off) printf "%sTypes: deb\nSuites: %s\nComponents: main\n\n", kept, suite
    kept = field = ""
    fit = binary = off = 0
}
/^[ \t]*$/ { finish(); next }
/^#/ { next }
/^[^ \t]/ { field = tolower($1) }
field == "suites:" { for (i = 1; i <= NF; i++) fit += ours($i); next }
field == "types:" { for (i = 1; i <= NF; i++) binary += $i == "deb"; next }
field == "enabled:" { off = tolower($2) ~ /^(no|false|without|off|disable)$/; next }
field == "components:" { next }
{ kept = kept $0 "\n" }
END { finish() }'

write_starter() { # which finds what it starts beside itself, so that the checkout may be moved
    cd "$FRESH"
    loader=$(find root -type f \( -name 'ld-linux*' -o -name 'ld64.so*' \) | head -n 1)
    server=$(find root -type f -name mysqld -perm -100 | head -n 1)
    [ -n "$loader" ] && [ -n "$server" ] || fail "what was fetched has no loader or no mysqld; see $FRESH/root."
    libraries=$(find root/lib root/usr/lib -maxdepth 1 -type d -name '*-linux-*' 2>/dev/null | sed 's,^,$here/,' | paste -s -d :)
    cat >mysqld <<END
#!/bin/sh
here=\$(dirname "\$0")
exec "\$here/$loader" --library-path "$libraries" "\$here/$server" "\$@" --basedir="\$here/root/usr"
END
    chmod 755 mysqld
    cd "$OLDPWD"
}

make_data() {
    version "$FRESH/mysqld" >"$FRESH/version"
    set -- --no-defaults --initialize-insecure --datadir="$FRESH/data" --innodb-redo-log-capacity=32M --innodb-doublewrite=0
    [ "$(id -u)" -ne 0 ] || set -- "$@" --user=root
    "$FRESH/mysqld" "$@" >"$FRESH/log" 2>&1 || {
        cat "$FRESH/log" >&2
        fail "$FRESH/mysqld cannot make a data directory, see above."
    }
}

case ${1:-} in
"") mysql ;;
sources) shift && sources "$@" ;;
*) fail "usage: $0 [sources FILE...]" ;;
esac
