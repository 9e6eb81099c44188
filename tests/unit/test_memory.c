/* Shared memory: how the library makes it, and which memory of a peer it refuses. */
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static void whole_pages(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	(void)state;
	assert_int_equal(gy_memory_round(0), 0);
	assert_int_equal(gy_memory_round(1), page);
	assert_int_equal(gy_memory_round(page - 1), page);
	assert_int_equal(gy_memory_round(page), page);
	assert_int_equal(gy_memory_round(page + 1), 2 * page);
}

static void it_is_zero_sealed_and_there(void **state)
{
	static const size_t sizes[] = {1, 4095, 4096, 4097, 1000000};
	size_t fds = test_fd_count(getpid());

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		struct stat status;
		uint8_t *data;
		struct gy_memory_info memory = {0};
		void *mapped;
		int fd;

		assert_ok(gy_memory_create("test", sizes[i], &fd));
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_ok(gy_memory_check(fd, &memory));
		assert_int_equal(memory.size, sizes[i]);
		assert_true(memory.writable);
		assert_int_equal(fstat(fd, &status), 0);
		assert_int_equal((uint64_t)status.st_blocks * 512, gy_memory_round(sizes[i]));
#ifndef GEYSER_PLATFORM_APPLE /* Apple's kernel refuses these calls, but the Linux shim doesn't */
		assert_int_equal(ftruncate(fd, (off_t)sizes[i] - 1), -1);
		assert_int_equal(ftruncate(fd, (off_t)sizes[i] + 1), -1);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
#endif
		assert_ok(gy_memory_map(fd, sizes[i], true, &mapped));
		data = mapped;
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(data[at], 0);
		data[sizes[i] - 1] = 1;
		gy_memory_unmap(mapped, sizes[i]);
		assert_int_equal(close(fd), 0);
	}
	assert_int_equal(test_fd_count(getpid()), fds);
}

static void its_name_shows(void **state)
{
	char path[64], target[128] = "";
	int fd;

	(void)state;
	only_on_linux("names of memory");
	assert_ok(gy_memory_create("geyser-texture", 1, &fd));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_true(readlink(path, target, sizeof(target) - 1) > 0);
	assert_non_null(strstr(target, "geyser-texture"));
	assert_int_equal(close(fd), 0);
}

static uint64_t kilobytes_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kilobytes = 0;
	char line[128];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu kB", &kilobytes) == 1)
			break;
	(void)fclose(file);
	return kilobytes;
}

/* Such sizes are refused before any memory is allocated. */
static void absurd_sizes_are_refused(void **state)
{
	static const uint64_t sizes[] = {
		UINT64_C(1) << 40, UINT64_C(1) << 50, UINT64_C(1) << 62, INT64_MAX, UINT64_MAX};
	uint64_t before = kilobytes_available();
	size_t fds = test_fd_count(getpid());

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		int fd = 1234;

		assert_fails(GEYSER_ERROR_OUT_OF_MEMORY, "bytes",
			gy_memory_create("test", sizes[i], &fd));
		assert_int_equal(fd, -1);
	}
	assert_int_equal(test_fd_count(getpid()), fds);
	assert_true(kilobytes_available() > before / 2);
}

static void assert_refused(enum geyser_result expected, const char *words, int fd)
{
	struct gy_memory_info memory = {0};

	assert_true(fd >= 0);
	assert_fails(expected, words, gy_memory_check(fd, &memory));
	assert_int_equal(close(fd), 0);
}

static void things_that_are_not_memory(void **state)
{
	int pipes[2], sockets[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_refused(GEYSER_ERROR_UNSUPPORTED, "not a file of memory", pipes[0]);
	assert_refused(GEYSER_ERROR_UNSUPPORTED, "not a file of memory", pipes[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	assert_refused(GEYSER_ERROR_UNSUPPORTED, "not a file of memory", sockets[0]);
	assert_int_equal(close(sockets[1]), 0);
	/* These files are not on tmpfs, or are devices or directories there, which have no
	 * seals. */
	assert_int_not_equal(gy_memory_check(-1, &(struct gy_memory_info){0}), GEYSER_OK);
	for (size_t i = 0; i < 3; i++) {
		static const char *const paths[] = {"/dev/null", "/dev/shm", "/proc/self/maps"};
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		enum geyser_result result = gy_memory_check(fd, &(struct gy_memory_info){0});

		assert_true(fd >= 0);
		assert_true(result == GEYSER_ERROR_UNSUPPORTED || result == GEYSER_ERROR_UNSEALED);
		assert_int_equal(close(fd), 0);
	}
}

static void closed_descriptors(void **state)
{
	struct gy_memory_info memory = {0};

	(void)state;
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "fd (-1)", gy_memory_check(-1, &memory));
	assert_fails(
		GEYSER_ERROR_INVALID_ARGUMENT, "fd (1000000)", gy_memory_check(1000000, &memory));
}

static void files_on_disk(void **state)
{
	char path[] = "/var/tmp/geyser-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_refused(GEYSER_ERROR_UNSUPPORTED, "on disk", fd);
}

/* The file lies on tmpfs, but any process that opens it can shorten it. */
static void files_on_tmpfs(void **state)
{
	char path[] = "/dev/shm/geyser-test-XXXXXX";
	int fd;

	(void)state;
	only_on_linux("tmpfs");
	fd = mkstemp(path);
	if (fd < 0) {
		print_message("# no /dev/shm to write to: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
#ifndef GEYSER_PLATFORM_APPLE
	assert_refused(GEYSER_ERROR_UNSEALED, "F_SEAL_SHRINK", fd);
#endif
}

#ifdef GEYSER_PLATFORM_APPLE
static void memory_for_reading(void **state)
{
	int fd = test_read_only_memory(4096);
	struct gy_memory_info memory = {.writable = true};
	void *data;

	(void)state;
	assert_ok(gy_memory_check(fd, &memory));
	assert_true(memory.size >= 4096);
	assert_false(memory.writable);
	assert_fails(GEYSER_ERROR_PERMISSION, "mapping", gy_memory_map(fd, 4096, true, &data));
	assert_null(data);
	assert_ok(gy_memory_map(fd, 4096, false, &data));
	gy_memory_unmap(data, 4096);
	assert_int_equal(close(fd), 0);
}
#else
/* Creating the memory takes no huge page yet. The kernel may be built without huge pages. */
static void huge_pages(void **state)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_HUGETLB | MFD_ALLOW_SEALING);

	(void)state;
	if (fd < 0) {
		print_message("# no huge pages: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	assert_refused(GEYSER_ERROR_UNSUPPORTED, "hugetlbfs", fd);
}

static void every_missing_seal_is_named(void **state)
{
	static const struct {
		int seal;
		const char *name;
	} seals[] = {
		{F_SEAL_SHRINK, "F_SEAL_SHRINK"},
		{F_SEAL_GROW, "F_SEAL_GROW"},
		{F_SEAL_SEAL, "F_SEAL_SEAL"},
	};

	(void)state;
	for (unsigned some = 0; some < 7; some++) {
		int fd = test_memfd(4096), add = 0;

		for (size_t i = 0; i < 3; i++)
			add |= some & 1u << i ? seals[i].seal : 0;
		assert_int_equal(fcntl(fd, F_ADD_SEALS, add), 0);
		assert_refused(GEYSER_ERROR_UNSEALED, "lacks the seals", fd);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(!strstr(geyser_error_detail(), seals[i].name),
				(some & 1u << i) != 0);
	}
	/* Without MFD_ALLOW_SEALING, memory has only the seal that forbids more seals. */
	assert_refused(GEYSER_ERROR_UNSEALED, "F_SEAL_SHRINK F_SEAL_GROW",
		memfd_create("test", MFD_CLOEXEC));
}

static void seals_against_writing(void **state)
{
	static const int seals[] = {F_SEAL_WRITE, F_SEAL_FUTURE_WRITE};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(seals); i++) {
		int fd = test_memfd(4096);
		struct gy_memory_info memory = {.writable = true};
		void *data;

		assert_int_equal(fcntl(fd, F_ADD_SEALS,
					 seals[i] | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
			0);
		assert_ok(gy_memory_check(fd, &memory));
		assert_false(memory.writable);
		assert_fails(
			GEYSER_ERROR_PERMISSION, "mapping", gy_memory_map(fd, 4096, true, &data));
		assert_null(data);
		assert_ok(gy_memory_map(fd, 4096, false, &data));
		gy_memory_unmap(data, 4096);
		assert_int_equal(close(fd), 0);
	}
}
#endif

static void mapping_can_fail(void **state)
{
	int fd = test_memory(4096);
	void *data = &fd;

	(void)state;
	assert_fails(GEYSER_ERROR_OUT_OF_MEMORY, "mapping",
		gy_memory_map(fd, (size_t)1 << 62, true, &data));
	assert_null(data);
	assert_int_equal(close(fd), 0);
	gy_memory_unmap(NULL, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pages),
		cmocka_unit_test(it_is_zero_sealed_and_there),
		cmocka_unit_test(its_name_shows),
		cmocka_unit_test(absurd_sizes_are_refused),
		cmocka_unit_test(things_that_are_not_memory),
		cmocka_unit_test(closed_descriptors),
		cmocka_unit_test(files_on_disk),
		cmocka_unit_test(files_on_tmpfs),
#ifdef GEYSER_PLATFORM_APPLE
		cmocka_unit_test(memory_for_reading),
#else
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(every_missing_seal_is_named),
		cmocka_unit_test(seals_against_writing),
#endif
		cmocka_unit_test(mapping_can_fail),
	};

	test_limit(60);
	return test_run("memory", tests, NULL, NULL);
}
