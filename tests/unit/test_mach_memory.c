/* Memory of a process whose sandbox refuses shm_open: the shim's, and the double's Mach. */
#include "platform/platform.h"
#include "platform/socket.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define SIZE 5000

static int in_the_sandbox(void **state)
{
	(void)state;
	return setenv("GEYSER_DOUBLE_SANDBOX", "1", 1);
}

static int out_of_the_sandbox(void **state)
{
	(void)state;
	return unsetenv("GEYSER_DOUBLE_SANDBOX");
}

static uint8_t *map(int fd, size_t size, bool writable)
{
	void *data;

	assert_ok(gy_memory_map(fd, size, writable, &data));
	return data;
}

static void all_mappings_are_one_memory(void **state)
{
	size_t fds = test_fd_count(getpid());
	uint8_t *one, *other;
	struct gy_memory_info memory = {0};
	int fd;

	(void)state;
	assert_ok(gy_memory_create("test", SIZE, &fd));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_ok(gy_memory_check(fd, &memory));
	assert_int_equal(memory.size, SIZE);
	assert_true(memory.writable);
	one = map(fd, SIZE, true);
	other = map(fd, SIZE, false);
	assert_int_equal(one[SIZE - 1], 0);
	one[SIZE - 1] = 7;
	assert_int_equal(other[SIZE - 1], 7);
	assert_int_equal(mprotect(other, SIZE, PROT_READ | PROT_WRITE), -1);
	assert_int_equal(close(fd), 0);
	gy_memory_unmap(one, SIZE);
	assert_int_equal(other[SIZE - 1], 7);
	gy_memory_unmap(other, SIZE);
	assert_int_equal(test_fd_count(getpid()), fds);
}

static void others_only_read_what_is_published(void **state)
{
	size_t fds = test_fd_count(getpid());
	uint8_t *reader;
	struct gy_memory_info memory = {.writable = true};
	void *data, *refused;
	int fd;

	(void)state;
	assert_ok(gy_memory_create_published("test", SIZE, &fd, &data));
	assert_ok(gy_memory_check(fd, &memory));
	assert_int_equal(memory.size, SIZE);
	assert_false(memory.writable);
	assert_fails(GEYSER_ERROR_PERMISSION, "mapping", gy_memory_map(fd, SIZE, true, &refused));
	assert_null(refused);
	reader = map(fd, SIZE, false);
	((uint8_t *)data)[1] = 9;
	assert_int_equal(reader[1], 9);
	assert_int_equal(close(fd), 0);
	gy_memory_unmap(reader, SIZE);
	gy_memory_unmap(data, SIZE);
	assert_int_equal(test_fd_count(getpid()), fds);
}

static void no_mapping_is_larger(void **state)
{
	const size_t larger = (size_t)gy_memory_round(SIZE) + 1;
	void *refused;
	int fd;

	(void)state;
	assert_ok(gy_memory_create("test", SIZE, &fd));
	assert_int_not_equal(gy_memory_map(fd, larger, true, &refused), GEYSER_OK);
	assert_null(refused);
	assert_int_equal(close(fd), 0);
	assert_ok(gy_memory_probe()); /* and frees what nobody has */
}

static void sockets_carry_it_back(void **state)
{
	size_t fds = test_fd_count(getpid());
	struct gy_received received;
	uint8_t *here, *there, byte;
	int ends[2], fd, came;

	(void)state;
	assert_ok(gy_memory_create("test", SIZE, &fd));
	here = map(fd, SIZE, true);
	assert_int_equal(gy_socket_pair(ends), 0);
	assert_int_equal(gy_socket_send(ends[0], "x", 1, fd, true), 0);
	assert_int_equal(close(fd), 0);
	assert_ok(gy_memory_probe()); /* on its way it is kept */
	assert_int_equal(gy_socket_receive(ends[1], &byte, 1, &came, &received), 1);
	there = map(came, SIZE, true);
	there[0] = 3;
	assert_int_equal(here[0], 3);
	assert_int_equal(close(came), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	gy_memory_unmap(there, SIZE);
	gy_memory_unmap(here, SIZE);
	assert_int_equal(test_fd_count(getpid()), fds);
}

static void it_does_not_leave(void **state)
{
	int fd, shared = test_memory(SIZE);

	(void)state;
	assert_ok(gy_memory_create("test", SIZE, &fd));
	assert_fails(GEYSER_ERROR_UNSUPPORTED, "sandbox", gy_memory_check_leaves(fd));
	assert_ok(gy_memory_check_leaves(shared));
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(shared), 0);
	assert_ok(gy_memory_probe());
}

/* A peer may send any socket, with anything in it. */
static void other_sockets_are_no_memory(void **state)
{
	static const uint8_t bytes[16];
	void *refused;
	int ends[2], fd;

	(void)state;
	assert_ok(gy_memory_create("test", SIZE, &fd));
	assert_int_equal(gy_socket_pair(ends), 0);
	assert_fails(GEYSER_ERROR_UNSUPPORTED, "not a file of memory",
		gy_memory_check(ends[0], &(struct gy_memory_info){0}));
	assert_int_equal(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
	assert_fails(GEYSER_ERROR_UNSUPPORTED, "not a file of memory",
		gy_memory_check(ends[0], &(struct gy_memory_info){0}));
	assert_int_not_equal(gy_memory_map(ends[0], SIZE, false, &refused), GEYSER_OK);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(close(fd), 0);
	assert_ok(gy_memory_probe());
}

/* The child has the mappings, but none of the parent's ports. It can make memory of its own. */
static int look_in_child(int fd, const uint8_t *data)
{
	void *mapped;

	if (data[0] != 5 || gy_memory_map(fd, SIZE, false, &mapped) == GEYSER_OK)
		return 1;
	if (gy_memory_create("test", SIZE, &fd) != GEYSER_OK ||
		gy_memory_map(fd, SIZE, true, &mapped) != GEYSER_OK)
		return 2;
	return close(fd);
}

static void forked_children(void **state)
{
	uint8_t *data;
	int fd, status;
	pid_t child;

	(void)state;
	assert_ok(gy_memory_create("test", SIZE, &fd));
	data = map(fd, SIZE, true);
	data[0] = 5;
	child = fork();
	if (child == 0)
		_exit(look_in_child(fd, data));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	gy_memory_unmap(map(fd, SIZE, true), SIZE);
	assert_int_equal(close(fd), 0);
	gy_memory_unmap(data, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_mappings_are_one_memory),
		cmocka_unit_test(others_only_read_what_is_published),
		cmocka_unit_test(no_mapping_is_larger),
		cmocka_unit_test(sockets_carry_it_back),
		cmocka_unit_test(it_does_not_leave),
		cmocka_unit_test(other_sockets_are_no_memory),
		cmocka_unit_test(forked_children),
	};

	test_limit(60);
	return test_run("mach_memory", tests, in_the_sandbox, out_of_the_sandbox);
}
