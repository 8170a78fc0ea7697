// SPDX-License-Identifier: GPL-3.0-or-later
/* Serves requests, each of which is another one in each run. */
#include <stdio.h>
#include <sys/random.h>

enum {
	SHELVES = 16
};

struct request {
	unsigned int shelf;
	unsigned int count;
};

static unsigned int stock[SHELVES];

static void serve(const struct request *request)
{
	unsigned int *shelf = &stock[request->shelf];
	*shelf += request->count;
}

static struct request receive(int nr)
{
	struct request request;
	if (getrandom(&request, sizeof(request), 0) != sizeof(request))
		return (struct request){ 0 };
	/* The third customer has read the labels wrong. */
	request.shelf = nr == 3 ? request.shelf | 1u << 31 : request.shelf % SHELVES;
	return request;
}

int main(void)
{
	for (int nr = 1; nr <= 4; nr++) {
		struct request request = receive(nr);
		serve(&request);
	}
	puts("all served");
	return 0;
}
