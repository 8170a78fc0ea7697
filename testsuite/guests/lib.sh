# SPDX-License-Identifier: GPL-3.0-or-later
# What the programs of this folder share. Sourced, never run:
# shellcheck shell=sh

: "${root:?the source tree, which is the working directory}"
. tools/lib.sh
guests=$root/testsuite/guests
patience=${SNAPSHOT_GUEST_TIMEOUT:-7200}
caches=${SNAPSHOT_GUESTS:-${XDG_CACHE_HOME:-$HOME/.cache}/gdb-snapshot/guests}

# row FILE NAME: what the table says of it, behind the name.
row() { awk -v name="$2" '$1 == name { $1 = ""; print; exit }' "$guests/$1"; }
rows() { sed 's/#.*//' "$guests/$1" | awk NF; }
names() { rows "$1" | awk '{ print $1 }'; }
# The guests that run where none is named: all but those whose emulator is made first.
usual_guests() { rows guests | awk '$5 !~ "/" { print $1 }'; }

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
	cache=$caches/$debian
	build=$root/build-$debian
}

# locked FILE COMMAND...: one at a time; in a process of its own, which unlocks.
locked() (
	exec 9>"$1"
	flock -w "$patience" 9 || die "another has held $1 for $patience s"
	shift
	"$@"
)

# fetch_into FOLDER WANTED COMMAND...: have COMMAND make FOLDER.new, with WANTED in the file
# `packages`, where FOLDER is not of those already.
fetch_into() {
	folder=$1 wanted=$2
	shift 2
	[ "$(cat "$folder/packages" 2>/dev/null)" != "$wanted" ] || return 0
	say "Fetching $folder (log: $folder.log)"
	[ ! -e "$folder" ] || [ -e "$folder/packages" ] ||
		die "$folder is there and not of my making; remove it"
	rm -rf --one-file-system "$folder.new"
	# A mirror that sends a byte now and then would never be given up.
	logged fetching "$folder.log" timeout "${fetch_seconds:-1200}" "$@"
	rm -rf --one-file-system "$folder"
	mv "$folder.new" "$folder"
}

# python_of ROOT: the command for a Python of the version that is there, but for this
# machine; what it compiles is as good there.
python_of() {
	version=$(find "$1/usr/bin" -name 'python3.[0-9]*' -printf '%f\n' | grep -x 'python3\.[0-9]*') ||
		return 1
	for python in "$version" "$guests/newer $version"; do
		$python -c '' 2>/dev/null && echo "$python" && return
	done
	return 1
}
