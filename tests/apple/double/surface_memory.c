/* SPDX-License-Identifier: MIT */
/*
 * The memory of surfaces: a memfd, whose first page describes the surface. Each use of a surface
 * holds a shared lock on one byte of the file, by an open file description of its own. The kernel
 * releases the lock with the last descriptor: also if that descriptor is in a message that nobody
 * has received, or if its process has died.
 */
#include "internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x6765797365724956u
#define PAGE 4096
#define USE_BYTE ((off_t)1 << 40) /* beyond the end of any surface */
#define NAME "geyser-double-surface-%u"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct double_surface *surfaces; /* the surfaces of this process */

void double_surfaces_lock(void)
{
	pthread_mutex_lock(&lock);
}

void double_surfaces_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* Makes another open file description, which has locks of its own. */
static int reopen(int fd, int flags)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

int double_surface_use(const struct double_surface *surface)
{
	struct flock use = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = reopen(surface->fd, O_RDWR);

	use.l_start = USE_BYTE;
	use.l_len = 1;
	if (fd < 0 || fcntl(fd, F_OFD_SETLK, &use) != 0)
		double_die("a use of surface %u can't be counted", surface->page->id);
	return fd;
}

bool double_surface_in_use(const struct double_surface *surface)
{
	struct flock use = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = reopen(surface->fd, O_RDWR);

	use.l_start = USE_BYTE;
	use.l_len = 1;
	if (fd < 0 || fcntl(fd, F_OFD_GETLK, &use) != 0)
		double_die("the uses of surface %u can't be counted", surface->page->id);
	close(fd);
	return use.l_type != F_UNLCK;
}

void double_surface_discard(struct double_surface *surface)
{
	memset(surface->memory, 0xa5, surface->page->bytes);
	if (surface->gpu != surface->memory)
		memset(surface->gpu, 0xa5, surface->page->bytes);
	surface->drawn = 0;
}

void double_surface_check_kept(const struct double_surface *surface)
{
	if (surface->page->purgeable != 0)
		double_die("surface %u is used while its contents may be discarded",
			surface->page->id);
}

uint8_t *double_surface_gpu(struct double_surface *surface, size_t plane, bool draws)
{
	double_surface_check_kept(surface);
	double_surfaces_lock();
	if (surface->gpu != surface->memory && surface->seen != surface->page->seed) {
		memcpy(surface->gpu, surface->memory, surface->page->bytes);
		surface->seen = surface->page->seed;
		surface->drawn = 0;
	}
	surface->drawn |= (uint32_t)draws << plane;
	double_surfaces_unlock();
	return surface->gpu + surface->page->plane[plane].offset;
}

void double_surface_changed(struct double_surface *surface)
{
	surface->page->seed++;
}

void double_surface_synchronize(struct double_surface *surface, size_t plane)
{
	const struct double_surface_plane *of = &surface->page->plane[plane];

	(void)double_surface_gpu(surface, plane, false);
	double_surfaces_lock();
	if (surface->gpu != surface->memory && surface->drawn & 1u << plane) {
		memcpy(surface->memory + of->offset, surface->gpu + of->offset, of->size);
		surface->seen = ++surface->page->seed;
	}
	surface->drawn &= ~(1u << plane);
	double_surfaces_unlock();
}

void double_surface_protect(const struct double_surface *surface)
{
	int access = surface->write_locks  ? PROT_READ | PROT_WRITE
		     : surface->read_locks ? PROT_READ
					   : PROT_NONE;

	if (mprotect(surface->cpu, surface->page->bytes, access) != 0)
		double_die("surface %u can't be protected", surface->page->id);
}

/* Makes the struct of the surface in fd, which then owns fd. The caller holds the list's lock. */
static struct double_surface *adopt(int fd)
{
	struct double_surface *surface = double_allocate(sizeof(*surface));
	struct double_surface_page *page;
	size_t bytes;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED || page->magic != MAGIC)
		double_die("a port or an XPC object that holds no surface");
	bytes = page->bytes;
	surface->page = page;
	surface->fd = fd;
	surface->use_fd = -1;
	surface->references = 1;
	surface->cpu = mmap(NULL, bytes, PROT_NONE, MAP_SHARED, fd, PAGE);
	surface->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	if (surface->cpu == MAP_FAILED || surface->memory == MAP_FAILED)
		double_die("a surface of %zu bytes can't be mapped", bytes);
	surface->gpu = surface->memory;
	if (double_gpu() == DOUBLE_DISCRETE) {
		surface->gpu = double_allocate(bytes);
		surface->seen = page->seed - 1;
	}
	surface->next = surfaces;
	surfaces = surface;
	return surface;
}

static struct double_surface *find(IOSurfaceID id)
{
	struct double_surface *surface = surfaces;

	while (surface && surface->page->id != id)
		surface = surface->next;
	if (surface)
		surface->references++;
	return surface;
}

struct double_surface *double_surface_open(int fd)
{
	struct double_surface_page *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	struct double_surface *surface = NULL;

	if (page == MAP_FAILED)
		return NULL;
	double_surfaces_lock();
	if (page->magic == MAGIC) {
		surface = find(page->id);
		if (!surface)
			surface = adopt(reopen(fd, O_RDWR));
	}
	double_surfaces_unlock();
	munmap(page, PAGE);
	return surface;
}

struct double_surface *double_surface_create(const struct double_surface_page *wanted)
{
	struct double_surface_page page = *wanted;
	struct double_surface *surface = NULL;
	char name[64];
	int fd;

	page.magic = MAGIC;
	do {
		if (getrandom(&page.id, sizeof(page.id), 0) != sizeof(page.id))
			double_die("no random number");
	} while (page.id == 0);
	(void)snprintf(name, sizeof(name), page.global ? NAME "-global" : NAME, page.id);
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (ftruncate(fd, (off_t)(PAGE + page.bytes)) != 0 ||
		pwrite(fd, &page, sizeof(page), 0) != sizeof(page)) {
		close(fd);
		return NULL;
	}
	double_surfaces_lock();
	surface = adopt(fd);
	double_surfaces_unlock();
	return surface;
}

/* Looks for a global surface among a process's descriptors. As in the kernel's table, a surface is
 * found as long as any process has it open. */
static int search_process(const char *process, const char *wanted)
{
	char folder[300], path[600], target[100];
	struct dirent *entry;
	int fd = -1;
	DIR *files;

	(void)snprintf(folder, sizeof(folder), "/proc/%s/fd", process);
	files = opendir(folder);
	while (fd < 0 && files && (entry = readdir(files))) {
		ssize_t length;

		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		length = readlink(path, target, sizeof(target) - 1);
		if (length <= 0)
			continue;
		target[length] = '\0';
		if (strcmp(target, wanted) == 0)
			fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (files)
		closedir(files);
	return fd;
}

struct double_surface *double_surface_find(IOSurfaceID id)
{
	struct double_surface *surface;
	struct dirent *entry;
	DIR *processes;
	char wanted[100];
	int fd = -1;

	double_surfaces_lock();
	surface = find(id);
	double_surfaces_unlock();
	if (surface)
		return surface;
	(void)snprintf(wanted, sizeof(wanted), "/memfd:" NAME "-global (deleted)", id);
	processes = opendir("/proc");
	while (fd < 0 && processes && (entry = readdir(processes))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			fd = search_process(entry->d_name, wanted);
	}
	if (processes)
		closedir(processes);
	if (fd < 0)
		return NULL;
	surface = double_surface_open(fd);
	close(fd);
	return surface;
}

void double_surface_unref(struct double_surface *surface)
{
	struct double_surface **link = &surfaces;
	size_t bytes;

	double_surfaces_lock();
	if (--surface->references > 0) {
		double_surfaces_unlock();
		return;
	}
	while (*link != surface)
		link = &(*link)->next;
	*link = surface->next;
	double_surfaces_unlock();
	if (surface->read_locks || surface->write_locks)
		double_die("surface %u is released while locked", surface->page->id);
	if (surface->use_count)
		double_die("surface %u is released with a use count of %d", surface->page->id,
			surface->use_count);
	if (surface->values)
		CFRelease(surface->values);
	bytes = surface->page->bytes;
	munmap(surface->cpu, bytes);
	munmap(surface->memory, bytes);
	if (surface->gpu != surface->memory)
		free(surface->gpu);
	munmap(surface->page, PAGE);
	close(surface->fd);
	free(surface);
}

/* Closes the parent's uses: a forked child doesn't use a surface. */
static void in_child(void)
{
	for (struct double_surface *it = surfaces; it; it = it->next) {
		if (it->use_fd >= 0)
			close(it->use_fd);
		it->use_fd = -1;
	}
	double_surfaces_unlock();
}

__attribute__((constructor)) static void start(void)
{
	pthread_atfork(double_surfaces_lock, double_surfaces_unlock, in_child);
}
