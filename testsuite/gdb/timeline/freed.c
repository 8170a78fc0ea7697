// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A cache gives back an entry that a client still has: what the next owner of the
 * memory writes is seen through the client's pointer.
 */
#include <string.h>

#include "../story.h"

struct entry {
	char key[24];
	long value;
	struct entry *next;
};

static struct entry *cache;
static struct entry *volatile client;

STORY_PLACE struct entry *insert(const char *key, long value)
{
	struct entry *entry = malloc(sizeof(*entry));

	strcpy(entry->key, key);
	entry->value = value;
	entry->next = cache;
	cache = entry;
	return entry;
}

STORY_PLACE void evict(void)
{
	struct entry *oldest = cache;

	cache = oldest->next;
	free(oldest);
}

STORY_PLACE char *render_page(int number)
{
	char *page = malloc(sizeof(struct entry));

	memset(page, 'a' + number, sizeof(struct entry));
	return page;
}

STORY_PLACE void answer(const struct entry *entry)
{
	/* A person sees that this is wrong, and not why. */
	printf("%ld\n", entry->value);
}

int main(void)
{
	client = insert("limit", 42);

	answer(client);
	evict();
	char *page = render_page(3);
	answer(client);
	CHECK(client->value == 0x6464646464646464);
	free(page);
	return 0;
}
