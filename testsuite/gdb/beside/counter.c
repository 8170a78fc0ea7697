// SPDX-License-Identifier: GPL-3.0-or-later
/* Counts to 10 and checks the sum of the squares. */
#include "../story.h"

volatile long count;
volatile long squares;

STORY_PLACE long add(long a, long b)
{
	volatile long sum = a + b;
	return sum;
}

STORY_PLACE long square(long number)
{
	volatile long result = number * number;
	return result;
}

STORY_PLACE void tick(void)
{
	volatile long before = count;
	count = add(before, 1);
	squares = add(squares, square(count));
}

int main(void)
{
	for (int i = 0; i < 10; i++)
		tick();
	CHECK(count == 10);
	CHECK(squares == 385);
	puts("counted to 10");
	return 0;
}
