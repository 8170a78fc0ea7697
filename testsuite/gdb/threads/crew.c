/* Threads that come and go: one ends, one begins, between steady() and changed(). */
#include <pthread.h>
#include <semaphore.h>

#include "../story.h"

static sem_t quit;

STORY_PLACE void steady(int nr_threads)
{
}

static void *work(void *argument)
{
	sem_wait(&quit);
	return argument;
}

int main(void)
{
	pthread_t threads[2];
	int names[2];
	void *result;

	sem_init(&quit, 0, 0);
	steady(1);
	CHECK(!pthread_create(&threads[0], NULL, work, &names[0]));
	steady(2);
	CHECK(!pthread_create(&threads[1], NULL, work, &names[1]));
	steady(3);
	for (int i = 0; i < 2; i++)
		sem_post(&quit);
	for (int i = 0; i < 2; i++) {
		CHECK(!pthread_join(threads[i], &result));
		CHECK(result == &names[i]);
	}
	steady(1);
	return 0;
}
