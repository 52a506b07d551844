#!/bin/sh
# Sees to it that this machine has a fit Python (`prerequisites.sh python`), a MariaDB server (`prerequisites.sh mariadb`),
# what the programs of sandbox/tests/foreign are written in, perl and PHP, and logrotate (`prerequisites.sh foreign`), or a browser
# with its driver (`prerequisites.sh browser`).
# What is missing is installed when we are root; otherwise we print the command that does it and fail.
set -eu

PYTHON=${PYTHON:-python3}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/libexec

fail() {
    echo "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

provide() { # what, Debian package, RPM package
    if have apt-get; then
        # The server's core package starts no service, and there is nobody to answer questions.
        command="apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $2"
    elif have dnf; then
        command="dnf -q -y install $3"
    else
        fail "$1 is missing, and there is neither apt-get nor dnf: install it and try again."
    fi
    [ "$(id -u)" -eq 0 ] || fail "$1 is missing. Run as root: $command"
    echo "$1 is missing. Running: $command"
    output=$(sh -c "$command" 2>&1) || fail "$output
$1 could not be installed, see above."
}

version() {
    "$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

python() {
    have "$PYTHON" || [ "$PYTHON" != python3 ] || provide "Python" "python3 python3-venv" python3
    have "$PYTHON" || fail "$PYTHON is not there. Name a Python 3.9 or newer: make PYTHON=/path/to/python3"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 9))' ||
        fail "$PYTHON is Python $(version); 3.9 or newer is needed. Install the distribution's newer one beside it (AlmaLinux 8: dnf install python3.11; Ubuntu 20.04: apt-get install python3.9 python3.9-venv), and name it: make PYTHON=/usr/bin/python3.11"
    # Debian splits off what `python -m venv` needs.
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || provide "Python's venv" "python$(version)-venv" python3
    "$PYTHON" -c 'import ensurepip, venv' || fail "$PYTHON cannot make virtual environments (ensurepip is missing)."
}

mariadb() {
    if ! have mariadbd && ! have mysqld || ! have mariadb-install-db && ! have mysql_install_db; then
        provide "MariaDB server" mariadb-server-core mariadb-server
    fi
}

foreign() {
    if ! have perl || ! perl -MFcntl -MPOSIX -MIO::Select -e 1 2>/dev/null; then
        provide "perl" perl perl-core
    fi
    have logrotate || provide "logrotate" logrotate logrotate
    php_fit || provide "PHP with mysqli, SimpleXML, DOM and curl" \
        "php-cli php-mysql php-xml php-curl" "php-cli php-mysqlnd php-xml"
    php_fit || fail "PHP is there, but not with mysqli, SimpleXML, DOM and curl: see php -m."
}

browser() {
    if ! have chromium || ! have chromedriver; then
        provide "Chromium with its driver" "chromium chromium-driver fonts-dejavu-core" "chromium chromedriver"
    fi
}

php_fit() {
    have php && php -r 'foreach (["mysqli", "SimpleXML", "dom", "curl"] as $x) extension_loaded($x) || exit(1);' 2>/dev/null
}

case ${1:-} in
python) python ;;
mariadb) mariadb ;;
foreign) foreign ;;
browser) browser ;;
*) fail "usage: $0 python|mariadb|foreign|browser" ;;
esac
