/* SPDX-License-Identifier: MIT */
#include "base/later.h"

#include "base/error.h"

#include <stddef.h>

static _Thread_local unsigned holds;
static _Thread_local struct gy_later *first, *last;

void gy_later_hold(void)
{
	holds++;
}

/* A function that was put off may itself hold and release. Its release then runs the remaining
 * functions. */
void gy_later_release(void)
{
	struct gy_kept_detail kept;

	if (--holds > 0 || !first)
		return;
	gy_detail_keep(&kept);
	while (first) {
		struct gy_later *later = first;

		first = later->next;
		later->run(later);
	}
	gy_detail_restore(&kept);
}

bool gy_later_put_off(struct gy_later *later, void (*run)(struct gy_later *later))
{
	if (holds == 0)
		return false;
	*later = (struct gy_later){.next = NULL, .run = run};
	if (first)
		last->next = later;
	else
		first = later;
	last = later;
	return true;
}
