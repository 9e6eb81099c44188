#include "support.h"

#include "ipc/registry/registry.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
#include <libproc.h>
#endif

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static char runtime_dir[64];

/* The teardown of test_run_group, and whether it has failed. */
static CMFixtureFunction group_teardown;
static bool teardown_failed;

static int run_group_teardown(void **state)
{
	teardown_failed = true; /* stays so if an assertion of the teardown fails */
	teardown_failed = group_teardown(state) != 0;
	return teardown_failed ? -1 : 0;
}

int test_run_group(const char *name, const struct CMUnitTest *tests, size_t count,
	CMFixtureFunction setup, CMFixtureFunction teardown)
{
	int status;

	group_teardown = teardown;
	teardown_failed = false;
	status = _cmocka_run_group_tests(
		name, tests, count, setup, teardown ? run_group_teardown : NULL);
	return status == 0 && teardown_failed ? 1 : status;
}

void test_limit(unsigned seconds)
{
	(void)alarm(seconds);
}

int test_runtime_enter(void **state)
{
	(void)state;
	(void)snprintf(runtime_dir, sizeof(runtime_dir), "/tmp/geyser-test-XXXXXX");
	if (!mkdtemp(runtime_dir))
		return -1;
	return setenv("GEYSER_RUNTIME_DIR", runtime_dir, 1);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int test_runtime_leave(void **state)
{
	(void)state;
	(void)unsetenv("GEYSER_RUNTIME_DIR");
	return nftw(runtime_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *test_runtime_path(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", runtime_dir, name);
	return path;
}

enum geyser_result test_open_registry(bool create, struct gy_registry *out)
{
	struct gy_registries all;
	enum geyser_result result = gy_registries_open(create, &all);

	if (result == GEYSER_OK)
		*out = all.all[0];
	else
		out->fd = -1;
	return result;
}

static size_t count_names(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	if (!directory)
		return 0;
	while ((entry = readdir(directory)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			 /* .names stays after the last object */
			 strcmp(entry->d_name, ".names") != 0;
	(void)closedir(directory);
	return count;
}

size_t test_registry_entries(void)
{
	return count_names(test_runtime_path("geyser"));
}

int test_pipe(int ends[2])
{
	if (pipe(ends) < 0)
		return -1;
	return fcntl(ends[0], F_SETFD, FD_CLOEXEC) | fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

#ifdef __APPLE__
size_t test_fd_count(pid_t pid)
{
	struct proc_fdinfo fds[1024];
	const int size = proc_pidinfo(pid, PROC_PIDLISTFDS, 0, fds, sizeof(fds));

	return size > 0 ? (size_t)size / sizeof(fds[0]) : 0;
}
#else
size_t test_fd_count(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	/* reading this process's own list takes one descriptor */
	return count_names(path) - (pid == getpid());
}
#endif

void test_fd_count_becomes(pid_t pid, size_t count)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	time_t limit = time(NULL) + 30;

	while (test_fd_count(pid) != count && time(NULL) < limit)
		(void)nanosleep(&pause, NULL);
	assert_int_equal(test_fd_count(pid), count);
}

#ifdef GEYSER_PLATFORM_APPLE
/* XNU fixes the size of a shared memory object once it is set. */
static int open_memory(size_t size, int flags)
{
	static _Atomic unsigned serial;
	char name[32];
	int writer, fd;

	(void)snprintf(name, sizeof(name), "/geyser-t%d-%u", (int)getpid(), serial++);
	writer = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(writer >= 0);
	if (size > 0)
		assert_int_equal(ftruncate(writer, (off_t)size), 0);
	fd = shm_open(name, flags, 0);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(close(writer), 0);
	assert_int_equal(shm_unlink(name), 0);
	return fd;
}

int test_memory(size_t size)
{
	return open_memory(size, O_RDWR);
}

int test_read_only_memory(size_t size)
{
	return open_memory(size, O_RDONLY);
}
#else
int test_memfd(size_t size)
{
	int fd = memfd_create("geyser-test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	if (size > 0)
		assert_int_equal(posix_fallocate(fd, 0, (off_t)size), 0);
	return fd;
}

static int sealed(size_t size, int more)
{
	int fd = test_memfd(size);

	assert_int_equal(
		fcntl(fd, F_ADD_SEALS, more | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	return fd;
}

int test_memory(size_t size)
{
	return sealed(size, 0);
}

int test_read_only_memory(size_t size)
{
	return sealed(size, F_SEAL_FUTURE_WRITE);
}
#endif

void test_assert_failed(enum geyser_result expected, const char *words, enum geyser_result result,
	const char *call, const char *file, int line)
{
	const char *detail = geyser_error_detail();

	if (result != expected)
		print_error("%s: %s (%s), not %s\n", call, geyser_result_string(result),
			result ? detail : "", geyser_result_string(expected));
	_assert_int_equal((LargestIntegralType)result, (LargestIntegralType)expected, file, line);
	if (!*detail || (words && !strstr(detail, words)))
		print_error("%s: the detail is \"%s\", without \"%s\"\n", call, detail,
			words ? words : "");
	_assert_true(*detail != '\0', "there is a detail", file, line);
	_assert_true(!words || strstr(detail, words), "the detail has the words", file, line);
}

void test_assert_ok(enum geyser_result result, const char *call, const char *file, int line)
{
	if (result != GEYSER_OK)
		print_error(
			"%s: %s (%s)\n", call, geyser_result_string(result), geyser_error_detail());
	_assert_int_equal((LargestIntegralType)result, GEYSER_OK, file, line);
}
