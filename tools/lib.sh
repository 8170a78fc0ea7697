# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts in tools/ share. Sourced, never run:
# shellcheck shell=sh

: "${root:?the source tree, which is the working directory}"

say() { printf '%s\n' "$*"; }
die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# as_root COMMAND...: run it as root; the caller has asked can_be_root.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
can_be_root() { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }

# os_is NAME: whether this is that distribution.
os_is() { [ -r /etc/os-release ] && grep -Eq "^ID=\"?$1\"?\$" /etc/os-release; }

# packages_for COLUMN GROUP...: their names, 2 for Debian's and 3 for Fedora's.
packages_for() {
	column=$1
	shift
	for group; do
		awk -v group="$group" -v column="$column" \
			'$1 == group && $column != "-" { print $column }' "$root/tools/packages"
	done
}

# missing_packages GROUP...: Debian's names of those that are not installed.
missing_packages() {
	for package in $(packages_for 2 "$@"); do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null |
			grep -qx installed || printf '%s ' "$package"
	done
}

# need_packages GROUP...: install what is missing, or say what is needed.
need_packages() {
	if ! os_is debian; then
		say "This is not Debian, where the packages needed would be installed now. They are:"
		say "  by Debian's names: $(packages_for 2 "$@" | xargs)"
		say "  by Fedora's names: $(packages_for 3 "$@" | xargs)"
		say "Going on with what is here; configure says what it does not find."
		return
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	can_be_root || die "packages are missing, and there is neither root nor sudo to" \
		"install them: $missing"

	log=$root/build/packages.log
	say "Installing $missing(log: $log)"
	# A server among them is not started: systemctl then only says that it was asked to
	# (systemd, docs/ENVIRONMENT.md).
	# shellcheck disable=SC2086 # one word for each package
	(
		as_root apt-get -q update &&
			as_root env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 apt-get -qy \
				-o DPkg::Lock::Timeout=120 install --no-install-recommends $missing
	) >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		die "apt-get could not install them; all it said is in $log"
	}
	installed=yes
}

# logged WHAT LOG COMMAND...: quietly; its last words when it fails.
logged() {
	what=$1 log=$2
	shift 2
	"$@" >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		die "$what does not work; all it said is in $log"
	}
}

# build_all CONFIGURE-OPTION...: build/ is up to date after this. What it was configured
# with before stays.
build_all() {
	if [ ! -e configure ] || [ -n "$(find arch -type d -newer configure)" ]; then
		logged ./bootstrap build/bootstrap.log ./bootstrap
	fi
	configured=$([ ! -e build/config.status ] || build/config.status --config)
	wanted=$configured
	for option; do
		case $wanted in *"$option"*) ;; *) wanted="$wanted $option" ;; esac
	done
	# It remembers what was not here before packages were installed.
	if [ ! -e build/config.status ] || [ "$wanted" != "$configured" ] ||
		[ -n "${installed-}" ]; then
		logged configure build/configure.log \
			sh -c "cd build && exec ../configure $wanted"
	fi
	logged make build/make.log make -C build -j "$(nproc)"
}

# variable NAME: of the Makefile in build/, say PYTHON3.
variable() { sed -n "s/^$1 = //p" build/Makefile; }

# debian_mirror: the one that apt uses here.
debian_mirror() {
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		grep -m 1 '/debian/*$' || echo http://deb.debian.org/debian
}
