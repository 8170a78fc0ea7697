# SPDX-License-Identifier: GPL-3.0-or-later
# What the programs of this folder share. Sourced, never run:
# shellcheck shell=sh

: "${root:?the source tree, which is the working directory}"
. tools/lib.sh
guests=$root/testsuite/guests
patience=${SNAPSHOT_GUEST_TIMEOUT:-7200}

# row FILE NAME: what the table says of it, behind the name.
row() { awk -v name="$2" '$1 == name { $1 = ""; print; exit }' "$guests/$1"; }
names() { sed 's/#.*//' "$guests/$1" | awk 'NF { print $1 }'; }

# choose_debian NAME: sets debian, architecture, release, triplet, kernel_package, console
# and machine (QEMU's command line); cache (where its packages are unpacked) and build.
# shellcheck disable=SC2034 # for those who read this
choose_debian() {
	debian=$1
	# shellcheck disable=SC2046 # words of the table
	set -- $(row machines "$debian")
	[ $# -gt 5 ] || die "there is no Debian '$debian' among: $(names machines | xargs)"
	architecture=$1 release=$2 triplet=$3 kernel_package=$4 console=$5
	shift 5
	machine=$*
	cache=${SNAPSHOT_GUESTS:-${XDG_CACHE_HOME:-$HOME/.cache}/gdb-snapshot/guests}/$debian
	build=$root/build-$debian
}

# locked FILE COMMAND...: one at a time; in a process of its own, which unlocks.
locked() (
	exec 9>"$1"
	flock -w "$patience" 9 || die "another has held $1 for $patience s"
	shift
	"$@"
)
