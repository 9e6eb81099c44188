/*
 * Who has a film: one recorder that writes it, or any number of readers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media_claim.h"

/* Whether it is a pipe or a device. A folder is nothing that could be opened. */
static bool is_other_than_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* Locks the file that is open. A file system without locks leaves everybody alone. */
static enum media_claimed lock(struct media_claim *claim, int mode)
{
	if (flock(claim->fd, mode | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return MEDIA_CLAIMED;
	(void)close(claim->fd);
	claim->fd = -1;
	return MEDIA_TAKEN;
}

enum media_claimed media_claim_to_write(struct media_claim *out, const char *path, bool fresh)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;

	*out = MEDIA_UNCLAIMED;
	if (!fresh && is_other_than_file(path))
		return MEDIA_CLAIMED;
	out->fd = open(path, flags | O_EXCL, 0666);
	out->made = out->fd >= 0;
	if (out->fd < 0 && errno == EEXIST) {
		if (fresh)
			return MEDIA_EXISTS;
		out->fd = open(path, flags, 0666);
	}
	return out->fd < 0 ? MEDIA_REFUSED : lock(out, LOCK_EX);
}

enum media_claimed media_claim_to_read(struct media_claim *out, const char *path)
{
	*out = MEDIA_UNCLAIMED;
	if (is_other_than_file(path))
		return MEDIA_CLAIMED;
	out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return out->fd < 0 ? MEDIA_REFUSED : lock(out, LOCK_SH);
}

void media_claim_end(struct media_claim *claim, const char *path)
{
	struct stat status;

	if (claim->fd < 0)
		return;
	if (claim->made && fstat(claim->fd, &status) == 0 && status.st_size == 0)
		(void)unlink(path);
	(void)close(claim->fd);
	*claim = MEDIA_UNCLAIMED;
}
