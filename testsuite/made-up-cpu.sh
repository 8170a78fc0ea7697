#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Adding a CPU is adding a folder: the copy of one, with other names in it, is built and
# passes the contract test with no edit elsewhere.  Usage: made-up-cpu.sh [CPU]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cpu=${1:-aarch64}
upper=$(echo "$cpu" | tr '[:lower:]' '[:upper:]')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# GIVEN the tree as it would be checked in, and one folder more
cd "$root"
git ls-files --cached --others --exclude-standard |
	while read -r file; do [ ! -e "$file" ] || echo "$file"; done |
	grep -v '^testsuite/\(fuzz/corpus\|images\)/' | tar -c -T - | tar -x -C "$work"
cd "$work"
cp -R "arch/$cpu" arch/made_up
find arch/made_up -type f -exec sed -i \
	"s/EM_$upper/EM_MICROBLAZE/g; s/$cpu/made_up/g; s/$upper/MADE_UP/g" {} +
for file in arch/made_up/*"$cpu"*; do
	mv "$file" "arch/made_up/$(basename "$file" | sed "s/$cpu/made_up/")"
done

# WHEN it is built
./bootstrap
mkdir made
cd made
../configure CFLAGS=-O0
make -j "$(nproc)" testsuite/unit/test_arch testsuite/unit/test_arch_damage

# THEN the contract tests have looked at it, and found nothing
nm testsuite/unit/test_arch | grep -q ' snap_arch_made_up$'
testsuite/unit/test_arch
testsuite/unit/test_arch_damage
