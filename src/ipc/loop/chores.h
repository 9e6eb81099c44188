/* SPDX-License-Identifier: MIT */
/* Work that other parts of the library have for the thread "geyser-ipc" at certain times. While the
 * thread doesn't run, nothing is done. */
#ifndef GY_IPC_LOOP_CHORES_H
#define GY_IPC_LOOP_CHORES_H

#include "ipc/loop/loop.h"

/* One piece of work. Embedded in its owner, and all zero at first. The loop's lock guards it. */
struct gy_chore {
	struct gy_chore *next, **link; /* link: NULL while the chore isn't listed */
	uint64_t due;                  /* in ns, as of gy_now; GY_NEVER: not now */
	/* Does the work. Returns when the chore is due next, or GY_NEVER. The thread calls this
	 * with the loop's lock held. It must end no object, since the end of an object takes that
	 * lock: gy_texture_end_bare is an exception. */
	uint64_t (*run)(struct gy_chore *chore, uint64_t now);
};

struct gy_chores {
	struct gy_loop_client client;
	struct gy_loop *loop;
	struct gy_chore *first;
};

/* Makes the chores a client of the loop, as gy_loop_add_client. */
void gy_chores_init(struct gy_chores *chores, struct gy_loop *loop);

/* Sets when the chore is due, and lists it if it isn't listed. Call this without the loop's
 * lock. */
void gy_chores_set(struct gy_chores *chores, struct gy_chore *chore, uint64_t due);

/* Takes the chore from the list, if it is listed. Afterwards its function neither runs nor is
 * called. Call this without the loop's lock. */
void gy_chores_remove(struct gy_chores *chores, struct gy_chore *chore);

#endif
