/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel zeroes this page in each child that doesn't share its parent's memory. That includes
 * children made by clone, for which no fork handlers run. */
static _Atomic pid_t *make_page(void)
{
	static _Atomic(_Atomic pid_t *) shared;
	static _Atomic bool refused;
	_Atomic pid_t *page = shared, *none = NULL;
	const size_t size = sizeof(*page);
	const int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (page || refused)
		return page;
	/* cppcheck-suppress invalidFunctionArg; an anonymous mapping has no descriptor */
	page = mmap(NULL, size, protection, flags, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) == 0 &&
		atomic_compare_exchange_strong(&shared, &none, page))
		return page;
	(void)munmap(page, size);
	refused = !shared;
	return shared;
}

pid_t gy_process_id(void)
{
	_Atomic pid_t *known = make_page();

	if (!known)
		return getpid();
	if (*known == 0)
		*known = getpid();
	return *known;
}

/* Two programs of one user always share at least one place. It doesn't matter whether they run in a
 * session (a login shell) or without one (a cron job, a container). */
bool gy_runtime_place(unsigned index, struct gy_runtime_place *out)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	*out = (struct gy_runtime_place){.folder = "geyser"};
	switch (index) {
	case 0:
		out->name = "XDG_RUNTIME_DIR";
		(void)snprintf(out->parent, sizeof(out->parent), "%s", runtime ? runtime : "");
		return true;
	case 1:
		out->name = "the session's directory";
		(void)snprintf(out->parent, sizeof(out->parent), "/run/user/%u", geteuid());
		return true;
	case 2:
		out->name = "the directory for temporary files";
		out->shared = true;
		(void)snprintf(out->parent, sizeof(out->parent), "/tmp");
		(void)snprintf(out->folder, sizeof(out->folder), "geyser-%u", geteuid());
		return true;
	default:
		return false;
	}
}

/* Sets the mode through a descriptor, because another user's entry may lie at the path by now. The
 * umask may have removed our right to read the directory, so the descriptor is O_PATH. fchmod
 * refuses such a descriptor, so chmod is called on its path in /proc. */
bool gy_directory_make(const char *path)
{
	char alias[64];
	struct stat status;
	int fd, failed;

	if (mkdir(path, 0700) < 0)
		return false;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	failed = fstat(fd, &status);
	if (!failed && status.st_uid == geteuid() && (status.st_mode & 0777) != 0700) {
		(void)gy_directory_alias(fd, alias, sizeof(alias));
		failed = chmod(alias, 0700);
	}
	(void)close(fd);
	return !failed;
}

/* Every directory can be reached through its descriptor in /proc. */
bool gy_directory_alias(int directory, char *path, size_t size)
{
	(void)snprintf(path, size, "/proc/self/fd/%d", directory);
	return true;
}

/* For so few bytes, getrandom never returns a part of them. */
bool gy_system_random(void *bytes, size_t count)
{
	return getrandom(bytes, count, 0) == (ssize_t)count;
}

const char *gy_application_group(void)
{
	return NULL;
}
