# What `make install` (scripts/install.sh) and a package's own program (package/settle) both know of a panel's tree: which
# of its files are ours, and whether the panel has functions of its own of the names that we would give it.
# They set PREFIX, MGRCTL, STOCK, CHECKEVENT, SETREMOTEID and scratch, and have a function `fail`. For is_ours and
# remove_unfinished are PREFIX, CRONDIR, LOGROTATEDIR, and DOC where a package has a folder for papers.
# shellcheck shell=sh

# Whether a line of the manifest is a file of a kind that we install, or a directory above one: it may have been edited.
is_ours() {
    case $1 in
    "$CRONDIR/reseller" | "$LOGROTATEDIR/reseller") return 0 ;;
    */)
        for directory in addon processing sbin etc/xml lib/reseller; do
            case $PREFIX/$directory/ in "$1"*) return 0 ;; esac
        done
        case $CRONDIR/ in "$1"*) return 0 ;; esac
        case $LOGROTATEDIR/ in "$1"*) return 0 ;; esac
        return 1
        ;;
    "$PREFIX"/*) ;;
    *) return 1 ;;
    esac
    xml='etc/xml/billmgr_mod_(pm)?reseller(_[a-z0-9]+)*\.xml'
    echo "${1#"$PREFIX"/}" | LC_ALL=C grep -qxE "addon/reseller(_[a-z0-9]+)*|processing/pmreseller|sbin/resellerctl|$xml"
}

# What a kill has left half written: by us as .reseller.XXXXXX (replace), by rpm as NAME; and eight hexadecimal digits,
# which some daemons of cron would run. Nobody else ever takes it away. Not while a package manager is writing.
remove_unfinished() {
    hex='[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
    for own in "$PREFIX/lib/reseller" "$PREFIX/src/pmreseller" ${DOC:+"$DOC"}; do
        [ ! -d "$own" ] || find "$own" ! -type d \( -name "*;$hex" -o -name '.reseller.??????' \) -delete
    done
    for folder in "$PREFIX/addon" "$PREFIX/processing" "$PREFIX/sbin" "$PREFIX/etc/xml" "$CRONDIR" "$LOGROTATEDIR"; do
        rm -f "$folder"/.reseller.??????
        for file in "$folder"/*\;$hex; do
            ! is_ours "${file%;*}" || rm -f "$file"
        done
    done
}

# A panel that does not answer within a minute is not asked again: it may itself be waiting for the package manager that
# has started us.
panel() { # words for mgrctl; standard output and standard error as given
    [ ! -e "$scratch/silent" ] || return 1
    code=0
    timeout 60 "$MGRCTL" -m billmgr "$@" </dev/null || code=$?
    [ "$code" -ne 124 ] || : >"$scratch/silent"
    return "$code"
}

restart_panel() {
    panel exit >/dev/null 2>&1
}

# Into $scratch/functions. A panel always has functions, so an empty answer is none.
panel_functions() {
    for _ in 1 2 3 4 5; do
        panel -i >"$scratch/functions" 2>"$scratch/error" && [ -s "$scratch/functions" ] && return
        [ ! -e "$scratch/silent" ] || break
        sleep 1 # it may be starting
    done
    cat "$scratch/error" >&2
    fail "The panel does not list its functions ($MGRCTL -m billmgr -i), so we cannot know whether it has checkevent and item.setremoteid of its own. Start it, or say of each, CHECKEVENT= and SETREMOTEID=, func (it has none) or event (it has)."
}

# A panel without a function `checkevent` or `item.setremoteid` gets ours; where it has one, ours hangs on it as an event.
choose_stock() {
    [ -z "$CHECKEVENT" ] || [ -z "$SETREMOTEID" ] || return 0
    aside=
    for file in "${STOCK}_checkevent.xml" "${STOCK}_setremoteid.xml"; do
        # Our own functions of an earlier install must not be taken for the panel's.
        [ ! -f "$file" ] || { mv -T "$file" "$file.aside" && aside=yes; }
    done
    [ -z "$aside" ] || restart_panel || true
    panel_functions
    CHECKEVENT=${CHECKEVENT:-$(kind_of checkevent)}
    SETREMOTEID=${SETREMOTEID:-$(kind_of 'item\.setremoteid')}
}

kind_of() {
    # Names stand first in a line, bare or as name=; how the list looks is not documented.
    if grep -qE "^(name=)?$1([^A-Za-z0-9_.]|\$)" "$scratch/functions"; then echo event; else echo func; fi
}

# Back where it was: `for` leaves a pattern that matches nothing as it is.
put_stock_back() {
    for aside in "$STOCK"_*.xml.aside; do
        [ -f "$aside" ] || continue
        mv "$aside" "${aside%.aside}"
        restart_panel || true
    done
}

# Standard input becomes this file in one step, by a name that nobody else has: whatever lies in its place is replaced.
replace() { # mode, destination
    fresh=$(mktemp "${2%/*}/.reseller.XXXXXX")
    [ "$(id -u)" -ne 0 ] || chown root:root "$fresh"
    { cat >"$fresh" && chmod "$1" "$fresh" && mv -fT "$fresh" "$2"; } || { rm -f "$fresh" && return 1; }
}
