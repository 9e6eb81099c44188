/*
 * The trigger of the layer that loses the device: a word in a file, which the layer has mapped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_VULKAN_LAYER_TRIGGER_H
#define TESTS_VULKAN_LAYER_TRIGGER_H

#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct trigger {
	char path[64];
	_Atomic uint32_t *word;
};

/* Makes the trigger. From now until spare_others, it is the trigger for each process that is
 * started, and for each instance that this process makes. */
static inline void arm_trigger(struct trigger *trigger, const struct fixture *fixture)
{
	int fd;

	(void)snprintf(trigger->path, sizeof(trigger->path), "%s/lose-device", fixture->directory);
	fd = open(trigger->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, sizeof(*trigger->word)), 0);
	trigger->word =
		mmap(NULL, sizeof(*trigger->word), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(trigger->word, MAP_FAILED);
	(void)close(fd);
	assert_int_equal(setenv("GEYSER_TEST_LOSE_DEVICE", trigger->path, 1), 0);
}

static inline void spare_others(void)
{
	assert_int_equal(unsetenv("GEYSER_TEST_LOSE_DEVICE"), 0);
}

static inline void disarm_trigger(struct trigger *trigger)
{
	(void)unlink(trigger->path);
	(void)munmap(trigger->word, sizeof(*trigger->word));
	spare_others();
}

static inline void pull_trigger(struct trigger *trigger)
{
	atomic_store(trigger->word, 1);
}

#endif
