#include "ipc/registry.h"

#include "base/clock.h"
#include "base/error.h"
#include "ipc/random.h"
#include "platform/platform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME_SIZE 32
#define LOCK ".lock"
#define SOCKET ".sock"

/* Bytes that a socket address has left for the directory's path. */
#define ADDRESS_PATH_MAX \
	(sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof("/0123456789abcdef" SOCKET))

static void instance_name(char name[NAME_SIZE], uint64_t instance, const char *suffix)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
		name[i] = digits[instance >> (60 - 4 * i) & 15];
	memcpy(name + 16, suffix, strlen(suffix) + 1);
}

static void id_name(char name[NAME_SIZE], uint32_t id)
{
	(void)snprintf(name, NAME_SIZE, "id-%08" PRIx32, id);
}

/* ---- the directory ---- */

static enum geyser_result compose_path(char *path, size_t size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int length;

	if (!runtime || !*runtime)
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"XDG_RUNTIME_DIR is not set: set it to a directory that only you can "
			"write, for example \"export XDG_RUNTIME_DIR=$(mktemp -d)\"");
	if (runtime[0] != '/')
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"XDG_RUNTIME_DIR (%.200s): set it to an absolute path", runtime);
	length = snprintf(path, size, "%s/geyser", runtime);
	if (length < 0 || (size_t)length >= size)
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"XDG_RUNTIME_DIR (%.200s…): the path has %zu bytes, at most %zu fit",
			runtime, strlen(runtime), size - sizeof("/geyser"));
	return GEYSER_OK;
}

static enum geyser_result registry_path(char *path, size_t size)
{
	enum geyser_result result = compose_path(path, size);
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat status;

	if (result != GEYSER_OK)
		return result;
	if (stat(runtime, &status) < 0)
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "XDG_RUNTIME_DIR (%.200s): %s", runtime,
			strerrordesc_np(errno));
	if (!S_ISDIR(status.st_mode))
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"XDG_RUNTIME_DIR (%.200s): it is not a directory", runtime);
	return GEYSER_OK;
}

static enum geyser_result check_directory(const char *path, const struct stat *status)
{
	if (!S_ISDIR(status->st_mode))
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) is no directory: remove it", path);
	if (status->st_uid != geteuid())
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) belongs to uid %u: it must belong to uid %u", path,
			status->st_uid, geteuid());
	if ((status->st_mode & 0777) != 0700)
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) has mode %04o: it must be 0700, so that nobody else "
			"reaches what is shared; run \"chmod 0700\" on it",
			path, status->st_mode & 0777);
	return GEYSER_OK;
}

enum geyser_result geyser_registry_directory(char *text, size_t size)
{
	enum geyser_result result;
	struct stat status;
	char path[PATH_MAX];
	size_t length;

	if (!text || size == 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "text is NULL or has no room");
	text[0] = '\0';
	result = registry_path(path, sizeof(path));
	if (result != GEYSER_OK)
		return result;
	length = strlen(path);
	if (length >= size)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"text (%zu bytes): the registry's path takes %zu", size, length + 1);
	memcpy(text, path, length + 1);
	return lstat(path, &status) == 0 ? check_directory(path, &status) : GEYSER_OK;
}

enum geyser_result gy_registry_open(bool create, struct gy_registry *out)
{
	enum geyser_result result = registry_path(out->path, sizeof(out->path));
	struct stat status;

	out->fd = -1;
	if (result != GEYSER_OK)
		return result;
	if (create && mkdir(out->path, 0700) < 0 && errno != EEXIST)
		return gy_fail_errno("making the registry (%.300s)", out->path);
	out->fd = open(out->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out->fd < 0 && errno == ENOENT)
		return gy_fail(GEYSER_ERROR_NOT_FOUND, "nothing is exported: there is no %.300s",
			out->path);
	if (out->fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) is no directory: remove it", out->path);
	if (out->fd < 0)
		return gy_fail_errno("opening the registry (%.300s)", out->path);
	if (fstat(out->fd, &status) < 0)
		result = gy_fail_errno("registry (%.300s)", out->path);
	else
		result = check_directory(out->path, &status);
	out->uid = status.st_uid;
	if (result != GEYSER_OK)
		gy_registry_close(out);
	return result;
}

enum geyser_result gy_registry_find(struct gy_registry *out)
{
	enum geyser_result result = compose_path(out->path, sizeof(out->path));
	struct stat status;

	out->fd = -1;
	if (result != GEYSER_OK)
		return result;
	if (strlen(out->path) >= ADDRESS_PATH_MAX || lstat(out->path, &status) < 0)
		return gy_registry_open(false, out);
	out->uid = status.st_uid;
	return check_directory(out->path, &status);
}

void gy_registry_close(struct gy_registry *registry)
{
	if (registry->fd >= 0)
		(void)close(registry->fd);
	registry->fd = -1;
}

/* ---- what dead exporters left ---- */

/* True if that exporter is gone: its lock can be had, and is then held until *fd is closed. */
static bool lock_of_dead(const struct gy_registry *registry, const char *name, int *fd)
{
	*fd = openat(registry->fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return false;
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	(void)close(*fd);
	*fd = -1;
	return false;
}

/* Exactly what instance_name writes: strtoull takes signs, spaces and capitals too. */
static bool read_name(const char *name, const char *suffix, uint64_t *instance)
{
	if (strspn(name, "0123456789abcdef") != 16 || strcmp(name + 16, suffix) != 0)
		return false;
	*instance = strtoull(name, NULL, 16);
	return true;
}

/* An id's link points at "INSTANCE.sock". */
static bool read_link(const struct gy_registry *registry, const char *name, uint64_t *instance)
{
	char target[NAME_SIZE];
	ssize_t length = readlinkat(registry->fd, name, target, sizeof(target) - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	return read_name(target, SOCKET, instance);
}

/* Called for each name in the registry; see each_name. */
typedef void name_visitor(const struct gy_registry *registry, const char *name, void *data);

static void each_name(const struct gy_registry *registry, name_visitor *visit, void *data);

struct links_of {
	uint64_t instance;
};

static void remove_link(const struct gy_registry *registry, const char *name, void *data)
{
	const struct links_of *links = data;
	uint64_t instance;

	if (strncmp(name, "id-", 3) == 0 && read_link(registry, name, &instance) &&
		instance == links->instance)
		(void)unlinkat(registry->fd, name, 0);
}

/* The lock goes last: while it is there, another sweep can finish what this one began. */
static void sweep_name(const struct gy_registry *registry, const char *name, void *data)
{
	char socket_name[NAME_SIZE];
	struct links_of links;
	int lock;

	(void)data;
	if (!read_name(name, LOCK, &links.instance) || !lock_of_dead(registry, name, &lock))
		return;
	each_name(registry, remove_link, &links);
	instance_name(socket_name, links.instance, SOCKET);
	(void)unlinkat(registry->fd, socket_name, 0);
	(void)unlinkat(registry->fd, name, 0);
	(void)close(lock);
}

static void each_name(const struct gy_registry *registry, name_visitor *visit, void *data)
{
	int fd = openat(registry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((entry = readdir(directory)))
		visit(registry, entry->d_name, data);
	(void)closedir(directory);
}

/* ---- claiming a place ---- */

/* A path may be longer than a socket address holds: then it goes through the directory's
 * descriptor. */
static socklen_t socket_address(
	const struct gy_registry *registry, const char *name, struct sockaddr_un *out)
{
	int length;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = snprintf(out->sun_path, sizeof(out->sun_path), "%s/%s", registry->path, name);
	if (length < 0 || (size_t)length >= sizeof(out->sun_path))
		(void)snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s",
			registry->fd, name);
	return sizeof(*out);
}

/* A lock file of our own. A sweep may take it between its making and its locking: then another is
 * made. */
static enum geyser_result lock_instance(struct gy_claim *claim)
{
	char name[NAME_SIZE];
	struct stat status;

	for (;;) {
		enum geyser_result result = gy_random(&claim->instance, sizeof(claim->instance));

		if (result != GEYSER_OK)
			return result;
		instance_name(name, claim->instance, LOCK);
		claim->lock = openat(claim->registry.fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (claim->lock < 0 && errno == EEXIST)
			continue;
		if (claim->lock < 0)
			return gy_fail_errno("making %.300s/%s", claim->registry.path, name);
		if (flock(claim->lock, LOCK_EX | LOCK_NB) == 0) {
			if (fstat(claim->lock, &status) == 0 && status.st_nlink > 0)
				return GEYSER_OK;
		} else if (errno != EWOULDBLOCK) { /* not a sweep: a file system without locks */
			return gy_fail_errno("locking %.300s/%s", claim->registry.path, name);
		}
		(void)close(claim->lock);
	}
}

static enum geyser_result listen_instance(struct gy_claim *claim)
{
	enum geyser_result result;
	struct sockaddr_un address;
	char name[NAME_SIZE];
	socklen_t size;

	claim->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (claim->socket < 0)
		return gy_fail_errno("making a socket");
	instance_name(name, claim->instance, SOCKET);
	size = socket_address(&claim->registry, name, &address);
	if (bind(claim->socket, (const struct sockaddr *)&address, size) < 0) {
		result = gy_fail_errno("binding %.300s/%s", claim->registry.path, name);
		goto close_socket;
	}
	if (fchmodat(claim->registry.fd, name, 0600, 0) == 0 &&
		listen(claim->socket, SOMAXCONN) == 0)
		return GEYSER_OK;
	result = gy_fail_errno("listening on %.300s/%s", claim->registry.path, name);
	(void)unlinkat(claim->registry.fd, name, 0);

close_socket:
	(void)close(claim->socket);
	claim->socket = -1;
	return result;
}

enum geyser_result gy_registry_claim(struct gy_claim *out)
{
	enum geyser_result result = gy_registry_open(true, &out->registry);

	out->lock = -1;
	out->socket = -1;
	if (result != GEYSER_OK)
		return result;
	each_name(&out->registry, sweep_name, NULL);
	result = lock_instance(out);
	if (result == GEYSER_OK)
		result = listen_instance(out);
	if (result != GEYSER_OK)
		gy_claim_release(out);
	return result;
}

void gy_claim_abandon(struct gy_claim *claim)
{
	if (claim->socket >= 0)
		(void)close(claim->socket);
	if (claim->lock >= 0)
		(void)close(claim->lock);
	claim->socket = -1;
	claim->lock = -1;
	gy_registry_close(&claim->registry);
}

void gy_claim_release(struct gy_claim *claim)
{
	char name[NAME_SIZE];

	if (claim->socket >= 0) {
		instance_name(name, claim->instance, SOCKET);
		(void)unlinkat(claim->registry.fd, name, 0);
	}
	if (claim->lock >= 0) {
		instance_name(name, claim->instance, LOCK);
		(void)unlinkat(claim->registry.fd, name, 0);
	}
	gy_claim_abandon(claim);
}

/* ---- ids ---- */

enum geyser_result gy_claim_add_id(struct gy_claim *claim, uint32_t *id)
{
	char name[NAME_SIZE], target[NAME_SIZE];
	enum geyser_result result;

	instance_name(target, claim->instance, SOCKET);
	for (;;) {
		result = gy_random(id, sizeof(*id));
		if (result != GEYSER_OK)
			return result;
		if (*id == 0)
			continue;
		id_name(name, *id);
		if (symlinkat(target, claim->registry.fd, name) == 0)
			return GEYSER_OK;
		if (errno != EEXIST)
			return gy_fail_errno("making %.300s/%s", claim->registry.path, name);
	}
}

void gy_claim_remove_id(struct gy_claim *claim, uint32_t id)
{
	char name[NAME_SIZE];

	id_name(name, id);
	(void)unlinkat(claim->registry.fd, name, 0);
}

enum geyser_result gy_registry_find_id(
	const struct gy_registry *registry, uint32_t id, uint64_t *instance)
{
	char name[NAME_SIZE];

	id_name(name, id);
	if (read_link(registry, name, instance))
		return GEYSER_OK;
	return gy_fail(
		GEYSER_ERROR_NOT_FOUND, "id 0x%08" PRIx32 ": nothing is exported under it", id);
}

/* ---- reaching an exporter ---- */

static enum geyser_result connect_failure(uint64_t instance)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return gy_fail(GEYSER_ERROR_STALE,
			"exporter %016" PRIx64 " is gone: get a new handle from a running one",
			instance);
	case EAGAIN:
	case EINTR: /* the deadline passed as well */
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"exporter %016" PRIx64 " doesn't accept connections: is it stopped?",
			instance);
	default:
		return gy_fail_errno("connecting to exporter %016" PRIx64, instance);
	}
}

static void set_send_timeout(int fd, uint64_t deadline)
{
	uint64_t now = gy_now(), left = deadline > now ? deadline - now : 1000;
	struct timeval time = {
		.tv_sec = (time_t)(left / GY_SECOND),
		.tv_usec = (suseconds_t)(left % GY_SECOND / 1000),
	};

	if (deadline != GY_NEVER)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* The socket doesn't block; only if too many wait already for the exporter does this wait its turn.
 */
static int connect_within(int fd, const struct sockaddr_un *address, uint64_t deadline)
{
	const struct sockaddr *generic = (const struct sockaddr *)address;
	int failed = connect(fd, generic, sizeof(*address));
	int flags, error;

	if (!failed || errno != EAGAIN)
		return failed;
	flags = fcntl(fd, F_GETFL);
	(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	do {
		set_send_timeout(fd, deadline);
		failed = connect(fd, generic, sizeof(*address));
	} while (failed && errno == EINTR && gy_now() < deadline);
	error = errno;
	(void)fcntl(fd, F_SETFL, flags);
	errno = error;
	return failed;
}

enum geyser_result gy_registry_connect(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, int *out, pid_t *pid)
{
	struct gy_credentials peer;
	struct sockaddr_un address;
	enum geyser_result result;
	char name[NAME_SIZE];

	*out = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*out < 0)
		return gy_fail_errno("making a socket");
	instance_name(name, instance, SOCKET);
	(void)socket_address(registry, name, &address);
	if (connect_within(*out, &address, deadline)) {
		result = connect_failure(instance);
		goto close_socket;
	}
	result = gy_peer_credentials(*out, &peer);
	if (result != GEYSER_OK)
		goto close_socket;
	if (peer.uid != registry->uid) {
		result = gy_fail(GEYSER_ERROR_PERMISSION,
			"exporter %016" PRIx64 " runs as uid %u: this process runs as uid %u",
			instance, peer.uid, registry->uid);
		goto close_socket;
	}
	*pid = peer.pid;
	return GEYSER_OK;

close_socket:
	(void)close(*out);
	*out = -1;
	return result;
}
