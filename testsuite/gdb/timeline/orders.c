// SPDX-License-Identifier: GPL-3.0-or-later
/* Sums up orders; one of them has a discount that nobody thought of. */
#include "../story.h"

struct order {
	const char *customer;
	int pieces;
	int price;
	int percent_off;
};

static const struct order orders[] = {
	{ "ada", 3, 100, 0 },   { "bob", 1, 250, 10 }, { "cyd", 7, 30, 0 },
	{ "dan", 2, 500, 150 }, { "eve", 5, 20, 5 },   { "fay", 4, 75, 0 },
};

struct ledger {
	long total;
	int nr_orders;

	struct {
		const char *customer;
		long amount;
	} last;
} ledger;

STORY_PLACE void book(const struct order *order)
{
	long amount = (long)order->pieces * order->price;

	amount -= amount * order->percent_off / 100;
	ledger.last.customer = order->customer;
	ledger.last.amount = amount;
	ledger.total += amount;
	ledger.nr_orders++;
}

STORY_PLACE void report(void)
{
	printf("%ld\n", ledger.total);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		book(&orders[i]);
	report();
	/* It should have been 2630. */
	CHECK(ledger.total == 630);
	return 0;
}
