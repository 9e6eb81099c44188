/* The order in which the queue gives notifications, compared with a plain search for the first
 * one. */
#include "core/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT 300u

struct model {
	uint64_t value, number;
	bool in;
};

static uint64_t state_of_random = 1;

static uint64_t any_below(uint64_t bound)
{
	state_of_random = state_of_random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (state_of_random >> 33) % bound;
}

static struct model *first_of(struct model *models, size_t count)
{
	struct model *first = NULL;

	for (size_t i = 0; i < count; i++)
		if (models[i].in && (!first || models[i].value < first->value))
			first = &models[i];
	return first;
}

static void take_one(struct gy_queue *queue, struct model *models, size_t count)
{
	struct model *wanted = first_of(models, count);
	struct gy_notification taken;

	assert_int_equal(gy_queue_first(queue) != NULL, wanted != NULL);
	if (!wanted)
		return;
	assert_true(gy_queue_first(queue)->value == wanted->value);
	taken = gy_queue_take(queue);
	assert_true(taken.value == wanted->value);
	assert_ptr_equal(taken.user, wanted);
	wanted->in = false;
}

static bool is_even(const struct gy_notification *notification)
{
	struct model *model = notification->user;
	bool goes = model->number % 2 == 0;

	model->in = model->in && !goes;
	return goes;
}

static void smallest_values_come_first(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		struct model models[COUNT];
		struct gy_queue queue = {.all = NULL};

		for (size_t i = 0; i < COUNT; i++) {
			models[i] = (struct model){any_below(1 + round * 10), i, true};
			assert_int_equal(gy_queue_add(&queue,
						 &(struct gy_notification){.value = models[i].value,
							 .user = &models[i]}),
				GEYSER_OK);
			if (any_below(3) == 0)
				take_one(&queue, models, i + 1);
			if (any_below(100) == 0)
				gy_queue_sweep(&queue, is_even);
		}
		while (queue.count > 0)
			take_one(&queue, models, COUNT);
		assert_null(first_of(models, COUNT));
		assert_null(gy_queue_first(&queue));
		gy_queue_finish(&queue);
	}
}

static void a_burst_leaves_no_memory(void **state)
{
	struct gy_queue queue = {.all = NULL};

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(
			gy_queue_add(&queue, &(struct gy_notification){.value = i}), GEYSER_OK);
	while (queue.count > 0)
		(void)gy_queue_take(&queue);
	assert_null(queue.all);
	assert_int_equal(queue.room, 0);
	gy_queue_finish(&queue);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(smallest_values_come_first),
		cmocka_unit_test(a_burst_leaves_no_memory),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
