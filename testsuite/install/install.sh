#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `make install` puts in place works from there: by hand, from below DESTDIR, and
# in every gdb by way of its gdbinit.d.
set -eu

tree=$PWD/testsuite/install/tree
rm -rf "$tree"
mkdir -p "$tree/home"

# make_tree TARGET PREFIX VARIABLE...: as a packager would, whatever configure was told.
make_tree() {
	target=$1 prefix=$2
	shift 2
	"${MAKE:-make}" --no-print-directory "$target" prefix="$prefix" \
		exec_prefix="$prefix" datarootdir="$prefix/share" \
		datadir="$prefix/share" libdir="$prefix/lib/cpu" "$@" >"$tree/log" 2>&1 ||
		fail "make $target does not work"
}

fail() {
	printf '%s\n' "$1"
	cat "$tree/log"
	exit 1
}

# has_commands WHAT COMMAND...: that GDB can take a snapshot and go back to it.
has_commands() {
	what=$1
	shift
	HOME=$tree/home DEBUGINFOD_URLS='' "$@" -q -batch -ex 'break halfway' -ex run \
		-ex 'snapshot save here' -ex 'snapshot restore here' -ex 'snapshot list' \
		-ex kill testsuite/demo/crunch </dev/null >"$tree/log" 2>&1 ||
		fail "$what: gdb gives up"
	grep -q '\<here\>' "$tree/log" || fail "$what: there are no commands"
	! grep -q 'Undefined command\|Traceback\|No module' "$tree/log" ||
		fail "$what: the commands do not work"
}

# Below DESTDIR nothing is where it will be in the end.
make_tree install /opt/snapshot gdbinitdir=/etc/gdbinit.d DESTDIR="$tree/staged"
script=$tree/staged/opt/snapshot/share/gdb-snapshot/gdb-snapshot.py
has_commands 'loaded from DESTDIR' "$GDB" -nx -x "$script"
[ -f "$tree/staged/etc/gdbinit.d/gdb-snapshot.py" ] || fail 'DESTDIR lacks the gdbinit'
! grep -rIl "$PWD" "$tree/staged" >>"$tree/log" || fail 'the build tree is named in these'

# In its place, loaded by the gdbinit. GDB's own folder is covered in a mount namespace
# where we may make one; else we load as GDB would.
make_tree install "$tree/placed" gdbinitdir="$tree/gdbinit.d"
folder=$("$GDB" -nx -batch -ex 'show configuration' |
	sed -n 's/.*--with-system-gdbinit-dir=\([^ ]*\).*/\1/p')
if [ -d "$folder" ] && unshare --map-root-user --mount true 2>/dev/null; then
	# shellcheck disable=SC2016 # for the inner shell
	has_commands 'loaded from gdbinit.d' unshare --map-root-user --mount sh -c '
		mount --bind "$0" "$1" && shift && exec "$@"' "$tree/gdbinit.d" "$folder" "$GDB"
else
	has_commands 'loaded by the gdbinit' "$GDB" -nx -x "$tree/gdbinit.d/gdb-snapshot.py"
fi

# A gdbinit that outlives the program, as a package's does until it is purged, is silent.
mv "$tree/placed" "$tree/elsewhere"
said=$("$GDB" -nx -batch -x "$tree/gdbinit.d/gdb-snapshot.py" 2>&1)
mv "$tree/elsewhere" "$tree/placed"
[ -z "$said" ] || fail "without the program the gdbinit says: $said"

make_tree uninstall "$tree/placed" gdbinitdir="$tree/gdbinit.d"
make_tree uninstall /opt/snapshot gdbinitdir=/etc/gdbinit.d DESTDIR="$tree/staged"
left=$(find "$tree/placed" "$tree/staged" "$tree/gdbinit.d" ! -type d)
[ -z "$left" ] || fail "make uninstall leaves $left"
rm -rf "$tree"
