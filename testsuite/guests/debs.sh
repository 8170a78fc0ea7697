# SPDX-License-Identifier: GPL-3.0-or-later
# Packages of another release or architecture, unpacked in a folder and not installed: apt
# and dpkg work in folders of their own, and no script of a package runs. Sourced by those
# who set `new` (the folder), `architecture` and `release`; never run:
# shellcheck shell=sh

: "${new:?the folder}" "${architecture:?}" "${release:?}"

apt_there() {
	apt-get -q -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
		-o APT::Architectures::="$architecture" -o APT::Install-Recommends=false \
		-o APT::Default-Release="/^$release/" \
		-o APT::Sandbox::User=root -o Dir::Etc::SourceList="$new/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$new/lists" \
		-o Dir::State::status="$new/status" -o Dir::Cache::archives="$new/debs" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
		-o Acquire::https::Timeout=30 "$@"
}

# sources KIND: where apt finds "deb" or "deb-src"; backports come with the release that they
# are for.
sources() {
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	mirror=$(debian_mirror)
	base=${release%-backports}
	for suite in "$base" "$base-updates" "$release"; do
		echo "$1 [signed-by=$key] $mirror $suite main"
	done | sort -u
	echo "$1 [signed-by=$key] ${mirror%/}-security $base-security main"
}

# update KIND...: begin the folder, and find out what there is of these.
update() {
	mkdir -p "$new/lists/partial" "$new/debs/partial"
	: >"$new/status"
	for kind; do sources "$kind"; done >"$new/sources.list"
	# It says that an index is missing where one mirror lags behind; what it has got is
	# good, or the next step fails.
	apt_there update || :
}

# download PACKAGE...: and all that they depend on, to $new/debs.
download() {
	update deb
	apt_there install -y --download-only "$@"
}

# unpack: $new/debs to $new/root.
unpack() {
	mkdir -p "$new/root"
	for folder in bin sbin lib lib64; do
		mkdir -p "$new/root/usr/$folder"
		ln -s "usr/$folder" "$new/root/$folder"
	done
	for package in "$new"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$package" |
			tar -C "$new/root" -x --no-same-owner --keep-directory-symlink \
				--exclude='./usr/share/doc/?*' --exclude='./usr/share/man/?*' \
				--exclude='./usr/share/locale/?*' --exclude='./usr/share/info/?*' \
				--exclude='./boot/System.map*'
	done
}
