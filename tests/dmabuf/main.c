/* Usage: test_dmabuf PEER. PEER is the program of the second process, tests/vulkan/peer.c. */
#include "dmabuf.h"

#include <stdio.h>
#include <stdlib.h>

#define SKIP_STATUS 77 /* Meson's status for a skipped test */

static struct CMUnitTest tests[64];
static size_t test_count;

static void add(const struct CMUnitTest *group, size_t count)
{
	if (test_count + count > COUNT_OF(tests))
		abort();
	memcpy(tests + test_count, group, count * sizeof(*group));
	test_count += count;
}

int main(int argc, char **argv)
{
	if (!look_around()) {
		(void)printf("1..0 # SKIP nothing here makes dma-bufs: see make check-dmabuf\n");
		return SKIP_STATUS;
	}
	add(host_tests, host_test_count);
	add(vulkan_tests, vulkan_test_count);
	add(gbm_tests, gbm_test_count);
	add(gles_tests, gles_test_count);
	add(opengl_tests, opengl_test_count);
	add(process_tests, process_test_count);
	return run_suite(argc, argv, "dmabuf", tests, test_count);
}
