// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A program that GDB starts and stops before its first instruction: the process is then
 * made that of an image (doc/bring-an-image-to-life.md).
 */

void _start(void);

void _start(void)
{
	__builtin_trap();
}
