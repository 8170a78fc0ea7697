// SPDX-License-Identifier: GPL-3.0-or-later
/* Counts the letters of words. */
#include <ctype.h>
#include <stdio.h>

static int tally[26];

static void count(const char *word)
{
	for (const char *c = word; *c; c++)
		tally[tolower(*c) - 'a']++;
}

int main(void)
{
	const char *words[] = { "Snow", "crane", NULL, "reed" };
	for (int i = 0; i < 4; i++)
		count(words[i]);
	printf("%d letters e\n", tally['e' - 'a']);
	return 0;
}
