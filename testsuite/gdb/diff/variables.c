// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Variables of many types, and of functions, that change between two places.
 */
#include <string.h>

#include "../story.h"

enum colour {
	RED,
	GREEN
};

struct point {
	int x, y;
};

struct shape {
	char name[16];
	enum colour colour;
	unsigned is_open : 1;
	unsigned nr_points : 7;
	struct point points[100];

	union {
		long number;
		double ratio;
	};
	struct shape *next;
};

struct shape shapes[3];
static volatile double weight = 1.5;
const char *motto = "before";
static volatile long unchanged = 7;
volatile short many[5000];

STORY_PLACE void saved(void)
{
}

STORY_PLACE void changed(void)
{
}

STORY_PLACE void much_changed(void)
{
}

STORY_PLACE void inner(struct point *at)
{
	static volatile int calls;

	saved();
	calls++;
	at->y = 9;
	strcpy(shapes[1].name, "triangle");
	shapes[1].colour = GREEN;
	shapes[1].nr_points = 3;
	shapes[1].points[41].x = -5;
	shapes[1].points[42].y = 6;
	shapes[2].number = 77;
	shapes[2].next = &shapes[1];
	weight = 2.25;
	motto = "after";
	changed();
	for (int i = 0; i < 5000; i++)
		many[i] = 0x101;
	much_changed();
	CHECK(calls == 1 && unchanged == 7);
}

STORY_PLACE void outer(void)
{
	struct point here = { 1, 2 };
	volatile int kept = 4;

	inner(&here);
	CHECK(here.x == 1 && here.y == 9 && kept == 4);
}

int main(void)
{
	outer();
	return 0;
}
