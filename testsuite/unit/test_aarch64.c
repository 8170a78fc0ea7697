// SPDX-License-Identifier: GPL-3.0-or-later
/* What is special about aarch64: vector lengths, modes, calls that are rewound early.
 */
#include "arch/aarch64/sample.h"

#include <string.h>

#include "arch/aarch64/sigframe.h"

#define ADDRESS UINT64_C(0xffffd0010000)

extern const struct snap_arch snap_arch_aarch64;

/** A random thread on a sample CPU. */
struct scene {
	struct snap_cpu cpu;
	struct snap_thread thread;
	struct snap_buffer frame;
};

static void scene_init(struct scene *scene, const char *cpu,
		       enum sample_aarch64_mode mode)
{
	struct sample_random random = { .state = 5 };
	*scene = (struct scene){ .frame = { 0 } };
	sample_aarch64_cpu(cpu, &scene->cpu);
	sample_aarch64_thread(&random, &scene->cpu, mode, &scene->thread);
}

static void scene_encode(struct scene *scene)
{
	assert_ok(snap_aarch64_sigframe_encode(&scene->cpu, &scene->thread, ADDRESS,
					       &scene->frame));
}

static void scene_deinit(struct scene *scene)
{
	snap_cpu_deinit(&scene->cpu);
	snap_thread_deinit(&scene->thread);
	snap_buffer_deinit(&scene->frame);
}

#define _cleanup_scene_ _cleanup_(scene_deinit)

static uint8_t *general(struct snap_thread *thread)
{
	return thread->regsets[SNAP_AARCH64_GENERAL].data;
}

/** The offset of the first record of a kind from `at` on, before the chain ends; 0. */
static size_t find_record(const struct snap_buffer *frame, size_t at, uint32_t magic)
{
	for (;;) {
		uint64_t found = snap_aarch64_load(frame->data + at, 4);
		if (found == magic)
			return at;
		if (!found)
			return 0;
		at += snap_aarch64_load(frame->data + at + 4, 4);
	}
}

static void test_long_vectors_lie_behind_the_first_records(void **state)
{
	// GIVEN a thread with vectors of 256 bytes, which take 8.7 KiB
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SVE 2048", SAMPLE_SVE);

	// WHEN its frame is made
	scene_encode(&scene);

	// THEN the first records end with one that tells where the others are, right
	// behind the end of the first chain
	assert_int_equal(find_record(&scene.frame, FRAME_RECORDS, RECORD_SVE), 0);
	size_t extra = find_record(&scene.frame, FRAME_RECORDS, RECORD_EXTRA);
	assert_int_not_equal(extra, 0);
	size_t place = extra + RECORD_EXTRA_SIZE + RECORD_END_SIZE;
	const uint8_t *record = scene.frame.data + extra;
	assert_int_equal(snap_aarch64_load(record + RECORD_EXTRA_ADDRESS, 8),
			 ADDRESS + place);
	assert_int_equal(find_record(&scene.frame, place, RECORD_SVE), place);
	// kernel-facts 2.4, and the end of the chain
	assert_int_equal(snap_aarch64_load(record + RECORD_EXTRA_BYTES, 4),
			 8752 + RECORD_END_SIZE);
	assert_int_equal(snap_aarch64_load(scene.frame.data + place + 4, 4), 8752);
}

static void test_short_vectors_lie_with_the_first_records(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SVE 512", SAMPLE_SVE);
	scene_encode(&scene);
	size_t record = find_record(&scene.frame, FRAME_RECORDS, RECORD_SVE);
	assert_int_not_equal(record, 0);
	assert_int_equal(scene.frame.size, FRAME_SIZE);
	assert_int_equal(snap_aarch64_load(scene.frame.data + record + 4, 4), 2208);
	assert_int_equal(find_record(&scene.frame, FRAME_RECORDS, RECORD_EXTRA), 0);
}

static void test_a_record_is_made_only_of_what_the_machine_has(void **state)
{
	// GIVEN a thread without vectors beyond V, of a machine with SVE
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SVE 512", SAMPLE_V);

	// WHEN it is to land on one without
	snap_cpu_deinit(&scene.cpu);
	sample_aarch64_cpu("no SVE", &scene.cpu);
	scene_encode(&scene);

	// THEN its frame does not speak of SVE, nor of the second word of "tls"
	assert_int_equal(find_record(&scene.frame, FRAME_RECORDS, RECORD_SVE), 0);
	assert_int_equal(find_record(&scene.frame, FRAME_RECORDS, RECORD_TPIDR2), 0);
}

static void test_sizes_of_sets_are_those_of_the_kernel(void **state)
{
	// kernel-facts 1.5
	static const unsigned rows[][3] = { { 16, 592, 272 },
					    { 32, 1136, 1040 },
					    { 64, 2224, 4112 },
					    { 128, 4400, 16400 },
					    { 256, 8768, 65552 } };
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		assert_int_equal(snap_aarch64_sve_set_size(rows[i][0]), rows[i][1]);
		assert_int_equal(snap_aarch64_za_set_size(rows[i][0]), rows[i][2]);
	}
}

static void expect_differences(const struct scene *scene,
			       const struct snap_thread *actual, const char *expected)
{
	struct sample_differences differences = { .nr = 0 };
	snap_aarch64_compare(&scene->cpu, &scene->thread, actual, sample_collect,
			     &differences);
	assert_string_equal(differences.names, expected);
}

static void test_v_registers_alone_are_vectors_with_zeros(void **state)
{
	// GIVEN a thread with V registers alone, and one whose vectors have the same
	// values and zeros beyond
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SVE 512", SAMPLE_V);
	_cleanup_thread_ struct snap_thread other;
	assert_ok(snap_thread_copy(&scene.thread, &other));
	uint8_t set[2224] = { 0 };
	snap_aarch64_store(set + ARM64_SVE_VL, 64, 2);
	snap_aarch64_store(set + ARM64_SVE_FLAGS, ARM64_SVE_HAS_Z, 2);
	const uint8_t *fp = other.regsets[SNAP_AARCH64_FP].data;
	for (size_t i = 0; i < 32; i++)
		memcpy(set + ARM64_SVE_HEADER_SIZE + 64 * i, fp + 16 * i, 16);
	assert_ok(snap_thread_set_regset(&other, SNAP_AARCH64_SVE, set, sizeof(set)));

	// THEN they do not differ, until one has a bit beyond
	expect_differences(&scene, &other, "");
	other.regsets[SNAP_AARCH64_SVE].data[ARM64_SVE_HEADER_SIZE + 64 * 3 + 63] = 1;
	expect_differences(&scene, &other, "z3 ");
	size_t offset, size;
	snap_aarch64_component(ARM64_COMPONENT_FFR, 64, &offset, &size);
	other.regsets[SNAP_AARCH64_SVE].data[offset] = 1;
	expect_differences(&scene, &other, "z3 ffr ");
}

static void test_another_length_is_a_difference(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SVE 512", SAMPLE_SVE);
	_cleanup_thread_ struct snap_thread other;
	assert_ok(snap_thread_copy(&scene.thread, &other));
	snap_aarch64_store(other.regsets[SNAP_AARCH64_SVE].data + ARM64_SVE_VL, 16, 2);
	expect_differences(&scene, &other, "vl ");
}

static void test_another_mode_is_a_difference(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SME", SAMPLE_STREAMING);
	_cleanup_thread_ struct snap_thread other;
	assert_ok(snap_thread_copy(&scene.thread, &other));
	assert_ok(snap_thread_set_regset(&other, SNAP_AARCH64_SSVE, NULL, 0));
	other.regsets[SNAP_AARCH64_ZA].data[ARM64_SVE_HEADER_SIZE] ^= 1;
	expect_differences(&scene, &other, "ssve za ");
}

static void test_gcore_writes_streaming_vectors_that_are_not_in_use(void **state)
{
	// GIVEN a thread that is not in streaming mode, and the same in a core file of
	// GDB's gcore, which writes zeros there
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SME", SAMPLE_V);
	_cleanup_thread_ struct snap_thread other;
	assert_ok(snap_thread_copy(&scene.thread, &other));
	uint8_t set[ARM64_SVE_HEADER_SIZE + 528] = { 0 };
	snap_aarch64_store(set + ARM64_SVE_VL, 32, 2);
	assert_ok(snap_thread_set_regset(&other, SNAP_AARCH64_SSVE, set, sizeof(set)));
	assert_true(snap_aarch64_is_streaming(&other));

	// WHEN that is read
	assert_ok(snap_aarch64_foreign.core_thread(&scene.cpu, &other));

	// THEN it is not in streaming mode there, and may be landed
	assert_false(snap_aarch64_is_streaming(&other));
	expect_differences(&scene, &other, "");
	assert_ok(snap_aarch64_check_thread(&scene.cpu, &other));
}

static void test_single_steps_are_no_difference(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "no SVE", SAMPLE_V);
	_cleanup_thread_ struct snap_thread other;
	assert_ok(snap_thread_copy(&scene.thread, &other));
	uint64_t pstate = snap_aarch64_reg(general(&other), ARM64_PSTATE);
	snap_aarch64_set_reg(general(&other), ARM64_PSTATE, pstate ^ ARM64_PSTATE_SS);
	expect_differences(&scene, &other, "");
	snap_aarch64_set_reg(general(&other), ARM64_PSTATE, pstate ^ 0x80000000);
	expect_differences(&scene, &other, "cpsr ");
}

static void test_keys_that_changed_are_a_difference(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "no SVE", SAMPLE_V);
	_cleanup_thread_ struct snap_thread other;
	assert_ok(snap_thread_copy(&scene.thread, &other));
	other.regsets[SNAP_AARCH64_PACA].data[17] ^= 1;
	expect_differences(&scene, &other, "apibkey ");
}

static void test_vectors_are_as_long_as_the_thread_has_them(void **state)
{
	static const struct {
		const char *cpu;
		enum sample_aarch64_mode mode;
		size_t z0, p0, za;
	} rows[] = { { "no SVE", SAMPLE_V, 0, 0, 0 },
		     { "SVE 512", SAMPLE_V, 0, 0, 0 },
		     { "SVE 512", SAMPLE_SVE, 64, 8, 0 },
		     { "SVE 2048", SAMPLE_SVE, 256, 32, 0 },
		     { "SME", SAMPLE_STREAMING, 128, 16, 16384 } };

	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		_cleanup_scene_ struct scene scene;
		scene_init(&scene, rows[i].cpu, rows[i].mode);
		for (size_t j = 0; j < ARM64_NR_REGISTERS; j++) {
			const struct snap_register_desc *desc =
				&snap_aarch64_registers[j];
			size_t size =
				snap_arch_register_size(&snap_arch_aarch64, &scene.cpu,
							&scene.thread, desc);
			if (!strcmp(desc->name, "z0"))
				assert_int_equal(size, rows[i].z0);
			if (!strcmp(desc->name, "p0"))
				assert_int_equal(size, rows[i].p0);
			if (!strcmp(desc->name, "za"))
				assert_int_equal(size, rows[i].za);
			if (!strcmp(desc->name, "v0"))
				assert_int_equal(size, 16);
		}
	}
}

static void test_what_a_machine_lacks_is_left_out_only_when_idle_or_allowed(
	void **state)
{
	for (int in_use = 0; in_use < 2; in_use++)
		for (int may_drop = 0; may_drop < 2; may_drop++) {
			// GIVEN a thread with vectors of 512 bits, in use or not
			_cleanup_scene_ struct scene scene;
			scene_init(&scene, "SVE 512", in_use ? SAMPLE_SVE : SAMPLE_V);

			// WHEN it goes to a machine that has 128 bits
			_cleanup_cpu_ struct snap_cpu to;
			sample_aarch64_cpu("SVE 128", &to);
			assert_false(snap_aarch64_is_same_layout(&scene.cpu, &to));
			_cleanup_error_ snap_err error =
				snap_aarch64_relayout(&scene.cpu, &to, may_drop,
						      &scene.thread);

			// THEN that is refused when something would be lost
			if (in_use && !may_drop) {
				assert_int_equal(error->kind, SNAP_ERROR_UNSUPPORTED);
				continue;
			}
			assert_null(error);
			assert_int_equal(scene.thread.regsets[SNAP_AARCH64_SVE].size,
					 0);
			assert_int_equal(scene.thread.regsets[SNAP_AARCH64_FP].size,
					 ARM64_FP_SIZE);
		}
}

static void test_a_thread_needs_the_lengths_it_uses(void **state)
{
	_cleanup_cpu_ struct snap_cpu needs = { 0 };
	_cleanup_scene_ struct scene sve, idle, sme;
	scene_init(&sve, "SVE 512", SAMPLE_SVE);
	scene_init(&idle, "SVE 2048", SAMPLE_V);
	scene_init(&sme, "SME", SAMPLE_STREAMING);
	assert_ok(snap_aarch64_needs(&sve.cpu, &sve.thread, &needs));
	assert_ok(snap_aarch64_needs(&idle.cpu, &idle.thread, &needs));
	assert_ok(snap_aarch64_needs(&sme.cpu, &sme.thread, &needs));
	assert_int_equal(snap_cpu_get(&needs, "use.sve", 0), 1 << 3);
	assert_int_equal(snap_cpu_get(&needs, "use.idle-sve", 0), 1 << 15);
	assert_int_equal(snap_cpu_get(&needs, "use.sme", 0), 1 << 7);
	assert_int_equal(snap_cpu_get(&needs, "use.idle-sme", 0), 0);
}

static void test_threads_that_cannot_be_landed_are_refused(void **state)
{
	_cleanup_scene_ struct scene scene;
	scene_init(&scene, "SME", SAMPLE_STREAMING);
	assert_ok(snap_aarch64_check_thread(&scene.cpu, &scene.thread));

	_cleanup_cpu_ struct snap_cpu poor;
	sample_aarch64_cpu("SVE 2048", &poor);
	assert_error(snap_aarch64_check_thread(&poor, &scene.thread), UNSUPPORTED);

	snap_aarch64_store(scene.thread.regsets[SNAP_AARCH64_ZA].data + ARM64_SVE_VL,
			   256, 2);
	assert_error(snap_aarch64_check_thread(&scene.cpu, &scene.thread), CORRUPT);
	snap_aarch64_set_reg(general(&scene.thread), ARM64_PSTATE, ARM64_PSTATE_32);
	assert_error(snap_aarch64_check_thread(&scene.cpu, &scene.thread), UNSUPPORTED);
}

static void test_features_have_the_kernels_bits(void **state)
{
	static const struct snap_aarch64_feature rows[] = {
		{ 0, 22, "sve" },  { 0, 31, "pacg" }, { 0, 32, "gcs" },
		{ 1, 18, "mte" },  { 1, 23, "sme" },  { 1, 37, "sme2" },
		{ 1, 48, "fpmr" }, { 1, 63, "poe" },  { 2, 2, "lsfe" },
	};
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(rows); i++) {
		size_t at = 0;
		while (strcmp(snap_aarch64_features[at].name, rows[i].name) != 0)
			assert_true(++at < ARM64_NR_FEATURES);
		assert_int_equal(snap_aarch64_features[at].word, rows[i].word);
		assert_int_equal(snap_aarch64_features[at].bit, rows[i].bit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_vectors_lie_behind_the_first_records),
		cmocka_unit_test(test_short_vectors_lie_with_the_first_records),
		cmocka_unit_test(test_a_record_is_made_only_of_what_the_machine_has),
		cmocka_unit_test(test_sizes_of_sets_are_those_of_the_kernel),
		cmocka_unit_test(test_v_registers_alone_are_vectors_with_zeros),
		cmocka_unit_test(test_another_length_is_a_difference),
		cmocka_unit_test(test_another_mode_is_a_difference),
		cmocka_unit_test(
			test_gcore_writes_streaming_vectors_that_are_not_in_use),
		cmocka_unit_test(test_single_steps_are_no_difference),
		cmocka_unit_test(test_keys_that_changed_are_a_difference),
		cmocka_unit_test(test_vectors_are_as_long_as_the_thread_has_them),
		cmocka_unit_test(
			test_what_a_machine_lacks_is_left_out_only_when_idle_or_allowed),
		cmocka_unit_test(test_a_thread_needs_the_lengths_it_uses),
		cmocka_unit_test(test_threads_that_cannot_be_landed_are_refused),
		cmocka_unit_test(test_features_have_the_kernels_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
