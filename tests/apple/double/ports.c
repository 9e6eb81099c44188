/* SPDX-License-Identifier: MIT */
/*
 * The port rights of this process. A port is a datagram socket with a random abstract name, and a
 * send right is that name. The port of a surface is the surface's memory file, and a send right is
 * a descriptor of the file.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TASK 0x103
#define RIGHT "Mach right"

struct entry {
	struct entry *next;
	mach_port_t name;
	struct double_target target;
	int receiver; /* the receive right's socket, or -1 */
	unsigned sends;
	unsigned onces;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;
static mach_port_t last_name = TASK + 0x800;

mach_port_t apple_double_task_self(void)
{
	return TASK;
}

static struct entry *find(mach_port_t name)
{
	struct entry *entry = entries;

	while (entry && entry->name != name)
		entry = entry->next;
	return entry;
}

static struct entry *add(const struct double_target *target)
{
	struct entry *entry = double_allocate(sizeof(*entry));

	last_name += 0x100;
	entry->name = last_name;
	entry->target = *target;
	entry->receiver = -1;
	entry->next = entries;
	entries = entry;
	return entry;
}

static void drop_if_empty(struct entry *entry)
{
	struct entry **link = &entries;

	if (entry->receiver >= 0 || entry->sends || entry->onces)
		return;
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	if (entry->target.fd >= 0)
		close(entry->target.fd);
	free(entry);
}

/* All send rights to one port have the same name. Each send-once right has a name of its own. */
mach_port_t double_port_add(struct double_target *target, enum double_right right)
{
	struct entry *entry = NULL;
	mach_port_t name;

	pthread_mutex_lock(&lock);
	if (right == DOUBLE_SEND && target->fd < 0) {
		for (entry = entries; entry; entry = entry->next) {
			if (!entry->onces && strcmp(entry->target.address, target->address) == 0)
				break;
		}
	}
	if (!entry)
		entry = add(target);
	if (right == DOUBLE_SEND)
		entry->sends++;
	else
		entry->onces++;
	name = entry->name;
	pthread_mutex_unlock(&lock);
	double_count(RIGHT, 1);
	return name;
}

bool double_port_target(mach_port_t name, mach_port_type_t type, struct double_target *out)
{
	struct entry *entry;
	bool found;

	pthread_mutex_lock(&lock);
	entry = find(name);
	found = entry && (((type & MACH_PORT_TYPE_SEND) && entry->sends) ||
				 ((type & MACH_PORT_TYPE_SEND_ONCE) && entry->onces) ||
				 ((type & MACH_PORT_TYPE_RECEIVE) && entry->receiver >= 0));
	if (found)
		*out = entry->target;
	pthread_mutex_unlock(&lock);
	return found;
}

static int address_of(const char *address, struct sockaddr_un *out, socklen_t *length)
{
	size_t bytes = strlen(address);

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	memcpy(out->sun_path + 1, address, bytes); /* abstract: begins with 0 */
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + bytes);
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

mach_port_t double_port_bind(const char *wanted)
{
	struct double_target target = {.fd = -1};
	struct sockaddr_un address;
	struct entry *entry;
	mach_port_t name;
	uint64_t random;
	socklen_t length;
	int fd, yes = 1;

	if (!wanted && getrandom(&random, sizeof(random), 0) != sizeof(random))
		double_die("no random number");
	if (wanted)
		(void)snprintf(target.address, sizeof(target.address), "%s", wanted);
	else
		(void)snprintf(target.address, sizeof(target.address), "geyser-double-%u-%016llx",
			(unsigned)geteuid(), (unsigned long long)random);
	fd = address_of(target.address, &address, &length);
	if (fd < 0)
		return MACH_PORT_NULL;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) != 0 ||
		bind(fd, (struct sockaddr *)&address, length) != 0) {
		int error = errno;

		close(fd);
		errno = error;
		return MACH_PORT_NULL;
	}
	pthread_mutex_lock(&lock);
	entry = add(&target);
	entry->receiver = fd;
	name = entry->name;
	pthread_mutex_unlock(&lock);
	double_count(RIGHT, 1);
	return name;
}

int double_port_receiver(mach_port_t name, char address[DOUBLE_ADDRESS])
{
	struct entry *entry;
	int fd = -1;

	pthread_mutex_lock(&lock);
	entry = find(name);
	if (entry && entry->receiver >= 0) {
		fd = fcntl(entry->receiver, F_DUPFD_CLOEXEC, 3);
		memcpy(address, entry->target.address, DOUBLE_ADDRESS);
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

int double_address_connect(const char *name)
{
	struct sockaddr_un address;
	socklen_t length;
	int fd = address_of(name, &address, &length);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, length) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool double_address_lives(const char *address)
{
	int fd = double_address_connect(address);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool double_port_consume(mach_port_t name, enum double_right right)
{
	struct entry *entry;
	bool had;

	pthread_mutex_lock(&lock);
	entry = find(name);
	had = entry && (right == DOUBLE_SEND ? entry->sends : entry->onces);
	if (had) {
		if (right == DOUBLE_SEND)
			entry->sends--;
		else
			entry->onces--;
		drop_if_empty(entry);
	}
	pthread_mutex_unlock(&lock);
	if (had)
		double_count(RIGHT, -1);
	return had;
}

static void check_task(ipc_space_t task)
{
	if (task != TASK)
		double_die("0x%x is not mach_task_self()", task);
}

kern_return_t mach_port_allocate(ipc_space_t task, mach_port_right_t right, mach_port_name_t *name)
{
	check_task(task);
	if (right != MACH_PORT_RIGHT_RECEIVE)
		double_die("the double allocates receive rights only");
	*name = double_fails("mach_port_allocate") ? MACH_PORT_NULL : double_port_bind(NULL);
	return *name ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name)
{
	struct double_target target;

	check_task(task);
	if (double_port_target(name, MACH_PORT_TYPE_SEND_ONCE, &target)) {
		double_port_consume(name, DOUBLE_SEND_ONCE);
		double_notify_unused(target.address);
		return KERN_SUCCESS;
	}
	if (double_port_consume(name, DOUBLE_SEND))
		return KERN_SUCCESS;
	return double_port_target(name, MACH_PORT_TYPE_RECEIVE, &target) ? KERN_INVALID_RIGHT
									 : KERN_INVALID_NAME;
}

/* Removes the port, and wakes the threads that wait for its messages. */
static kern_return_t drop_receiver(mach_port_name_t name)
{
	struct entry *entry;
	bool had;

	pthread_mutex_lock(&lock);
	entry = find(name);
	had = entry && entry->receiver >= 0;
	if (had) {
		shutdown(entry->receiver, SHUT_RDWR);
		close(entry->receiver);
		entry->receiver = -1;
		drop_if_empty(entry);
	}
	pthread_mutex_unlock(&lock);
	if (had)
		double_count(RIGHT, -1);
	if (had)
		return KERN_SUCCESS;
	return entry ? KERN_INVALID_RIGHT : KERN_INVALID_NAME;
}

kern_return_t mach_port_mod_refs(
	ipc_space_t task, mach_port_name_t name, mach_port_right_t right, mach_port_delta_t delta)
{
	kern_return_t result = KERN_SUCCESS;

	check_task(task);
	if (right == MACH_PORT_RIGHT_RECEIVE && delta == -1)
		return drop_receiver(name);
	if (right == MACH_PORT_RIGHT_SEND && delta == 1)
		return mach_port_insert_right(task, name, name, MACH_MSG_TYPE_COPY_SEND);
	if (delta > 0 || right > MACH_PORT_RIGHT_SEND_ONCE || right == MACH_PORT_RIGHT_RECEIVE)
		double_die(
			"mach_port_mod_refs of right %u by %d is not in the double", right, delta);
	for (; delta < 0 && result == KERN_SUCCESS; delta++)
		result = mach_port_deallocate(task, name);
	return result;
}

kern_return_t mach_port_destroy(ipc_space_t task, mach_port_name_t name)
{
	kern_return_t result = drop_receiver(name);

	check_task(task);
	if (result == KERN_INVALID_NAME)
		return result;
	while (mach_port_deallocate(task, name) == KERN_SUCCESS)
		;
	return KERN_SUCCESS;
}

kern_return_t mach_port_insert_right(
	ipc_space_t task, mach_port_name_t name, mach_port_t port, mach_msg_type_name_t disposition)
{
	struct entry *entry;
	bool allowed;

	check_task(task);
	if (name != port)
		double_die("a right under another name is not in the double");
	pthread_mutex_lock(&lock);
	entry = find(name);
	allowed = entry && (disposition == MACH_MSG_TYPE_MAKE_SEND ? entry->receiver >= 0
								   : entry->sends > 0);
	if (allowed)
		entry->sends++;
	pthread_mutex_unlock(&lock);
	if (allowed)
		double_count(RIGHT, 1);
	if (!entry)
		return KERN_INVALID_NAME;
	return allowed ? KERN_SUCCESS : KERN_INVALID_CAPABILITY;
}

kern_return_t mach_port_type(ipc_space_t task, mach_port_name_t name, mach_port_type_t *type)
{
	struct double_target target;

	check_task(task);
	*type = 0;
	if (double_port_target(name, MACH_PORT_TYPE_SEND, &target))
		*type |= MACH_PORT_TYPE_SEND;
	if (double_port_target(name, MACH_PORT_TYPE_SEND_ONCE, &target))
		*type |= MACH_PORT_TYPE_SEND_ONCE;
	if (*type && target.fd < 0 && !double_address_lives(target.address))
		*type = MACH_PORT_TYPE_DEAD_NAME;
	if (double_port_target(name, MACH_PORT_TYPE_RECEIVE, &target))
		*type |= MACH_PORT_TYPE_RECEIVE;
	return *type ? KERN_SUCCESS : KERN_INVALID_NAME;
}

kern_return_t mach_port_get_refs(ipc_space_t task, mach_port_name_t name, mach_port_right_t right,
	mach_port_urefs_t *references)
{
	struct entry *entry;

	check_task(task);
	pthread_mutex_lock(&lock);
	entry = find(name);
	*references = 0;
	if (entry && right == MACH_PORT_RIGHT_SEND)
		*references = entry->sends;
	if (entry && right == MACH_PORT_RIGHT_SEND_ONCE)
		*references = entry->onces;
	if (entry && right == MACH_PORT_RIGHT_RECEIVE)
		*references = entry->receiver >= 0;
	pthread_mutex_unlock(&lock);
	return entry ? KERN_SUCCESS : KERN_INVALID_NAME;
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* A forked child has no rights of its parent, and keeps none of the parent's ports alive. */
static void in_child(void)
{
	struct entry *entry;

	while ((entry = entries)) {
		entries = entry->next;
		if (entry->receiver >= 0)
			close(entry->receiver);
		if (entry->target.fd >= 0)
			close(entry->target.fd);
		free(entry);
	}
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void start(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}
