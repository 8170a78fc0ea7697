// SPDX-License-Identifier: GPL-3.0-or-later
/* Two tellers put money into one account. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static long balance;
static sem_t doors;

static void deposit(long amount)
{
	long before = balance;
	long after = before + amount;
	balance = after;
}

static void *teller(void *amount)
{
	sem_wait(&doors);
	deposit((long)amount);
	return NULL;
}

static void open_doors(void)
{
	sem_post(&doors);
	sem_post(&doors);
}

int main(void)
{
	pthread_t tellers[2];
	sem_init(&doors, 0, 0);
	pthread_create(&tellers[0], NULL, teller, (void *)10);
	pthread_create(&tellers[1], NULL, teller, (void *)20);
	open_doors();
	pthread_join(tellers[0], NULL);
	pthread_join(tellers[1], NULL);
	printf("balance %ld\n", balance);
	return 0;
}
