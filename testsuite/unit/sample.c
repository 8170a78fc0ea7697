// SPDX-License-Identifier: GPL-3.0-or-later
#include "testsuite/unit/sample.h"

#include <string.h>

#define NR_THREADS 500

const struct samples *const all_samples[] = {
#define SNAP_ARCH(name) &samples_##name,
#include "arch/arches.def"
#undef SNAP_ARCH
	NULL
};

uint64_t sample_random_next(struct sample_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void sample_random_fill(struct sample_random *random, uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)sample_random_next(random);
}

const struct samples *sample_of(const struct snap_arch *arch)
{
	for (const struct samples *const *row = all_samples; *row; row++)
		if (!strcmp((*row)->arch, arch->name))
			return *row;
	fail_msg("%s: its sample.c has the samples of another CPU", arch->name);
	return NULL;
}

void sample_threads(void (*check)(const struct snap_arch *arch,
				  const struct snap_cpu *cpu,
				  const struct snap_thread *thread,
				  struct sample_random *random))
{
	for_each_arch(row)
	{
		const struct samples *samples = sample_of(*row);
		for (size_t i = 0; i < samples->nr_cpus; i++) {
			_cleanup_cpu_ struct snap_cpu cpu;
			samples->cpu(i, &cpu);
			struct sample_random random = { .state = i };
			for (size_t j = 0; j < NR_THREADS; j++) {
				_cleanup_thread_ struct snap_thread thread;
				samples->thread(&random, &cpu, &thread);
				check(*row, &cpu, &thread, &random);
			}
		}
	}
}

void sample_collect(void *context, const struct snap_difference *difference)
{
	struct sample_differences *list = context;
	assert_true(strlen(list->names) + strlen(difference->what) + 2 <
		    sizeof(list->names));
	strcat(strcat(list->names, difference->what), " ");
	list->nr++;
}
