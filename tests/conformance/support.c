#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TAINT "no-detail-of-this-call"

/* ---- expectations ---- */

void taint_detail(void)
{
	struct geyser_handle handle;

	(void)geyser_handle_from_string(TAINT, &handle);
}

void expect_ok(enum geyser_result result, const char *call, const char *file, int line)
{
	if (result == GEYSER_OK)
		return;
	print_error("%s: %s: %s\n", call, geyser_result_string(result), geyser_error_detail());
	_fail(file, line);
}

void expect_refusal(enum geyser_result result, enum geyser_result wanted, const char *word,
	const char *call, const char *file, int line)
{
	const char *detail = geyser_error_detail();

	if (result == wanted && *detail && !strstr(detail, TAINT) && strstr(detail, word))
		return;
	print_error("%s: %s: %s\nwanted %s with \"%s\"\n", call, geyser_result_string(result),
		detail, geyser_result_string(wanted), word);
	_fail(file, line);
}

/* ---- objects ---- */

struct geyser_texture *make_texture(
	struct geyser_manager *manager, enum geyser_format format, uint32_t width, uint32_t height)
{
	struct geyser_texture_desc desc = {.format = format, .width = width, .height = height};
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

bool offers_shape(struct geyser_manager *manager, const struct geyser_texture_desc *desc)
{
	enum geyser_dimension dimension = desc->depth > 1    ? GEYSER_DIMENSION_3D
					  : desc->layers > 1 ? GEYSER_DIMENSION_2D_ARRAY
							     : GEYSER_DIMENSION_2D;
	struct geyser_texture *texture;
	enum geyser_result result;
	uint32_t usage;

	ok(geyser_manager_format_usage(manager, desc->format, dimension, &usage));
	if (!usage)
		return false;
	if (desc->mip_levels <= 1)
		return true;
	/* Only an attempt to create a texture shows whether mip levels are supported. */
	result = geyser_texture_create(manager, desc, &texture);
	geyser_texture_unref(texture);
	return result != GEYSER_ERROR_UNSUPPORTED;
}

struct geyser_handle export_texture(struct geyser_texture *texture)
{
	struct geyser_handle handle;

	ok(geyser_texture_export(texture, &handle));
	return handle;
}

struct geyser_texture *import_texture(
	struct geyser_manager *manager, const struct geyser_handle *handle)
{
	struct geyser_texture *texture;

	ok(geyser_texture_import(manager, handle, NULL, &texture));
	return texture;
}

struct geyser_event *make_event(struct geyser_manager *manager, uint64_t initial)
{
	struct geyser_event *event;

	ok(geyser_event_create(manager, initial, &event));
	return event;
}

struct geyser_handle export_event(struct geyser_event *event)
{
	struct geyser_handle handle;

	ok(geyser_event_export(event, &handle));
	return handle;
}

struct geyser_event *import_event(
	struct geyser_manager *manager, const struct geyser_handle *handle)
{
	struct geyser_event *event;

	ok(geyser_event_import(manager, handle, &event));
	return event;
}

uint64_t value_of(struct geyser_event *event)
{
	uint64_t value;

	ok(geyser_event_value(event, &value));
	return value;
}

/* ---- texel patterns ---- */

uint8_t pattern_byte(uint32_t seed, uint64_t place)
{
	uint64_t hash =
		(place + seed * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);

	return (uint8_t)(hash >> 56);
}

struct walk {
	struct geyser_texture *texture;
	uint8_t *data;
	uint32_t seed;
	bool compare;   /* else write */
	uint64_t place; /* bytes so far, across subresources */
};

static bool walk_row(struct walk *walk, uint8_t *row, size_t size)
{
	for (size_t x = 0; x < size; x++, walk->place++) {
		if (!walk->compare)
			row[x] = pattern_byte(walk->seed, walk->place);
		else if (row[x] != pattern_byte(walk->seed, walk->place))
			return false;
	}
	return true;
}

/* Writes or compares one plane of one level of one layer. */
static bool walk_plane(struct walk *walk, uint32_t plane, uint32_t level, uint32_t layer)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(walk->texture);
	struct geyser_subresource sub;
	bool good = geyser_texture_get_subresource(walk->texture, plane, level, layer, &sub) ==
		    GEYSER_OK;
	const size_t row_bytes = sub.width * (size_t)plane_texel_bytes(desc->format, plane);

	for (uint32_t z = 0; good && z < sub.depth; z++)
		for (uint32_t y = 0; good && y < sub.height; y++)
			good = walk_row(walk,
				walk->data + sub.offset + z * sub.slice_pitch + y * sub.row_pitch,
				row_bytes);
	return good;
}

static bool walk_texture(struct geyser_texture *texture, uint32_t seed, bool compare)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;
	struct walk walk = {.texture = texture, .seed = seed, .compare = compare};
	struct geyser_mapping mapping;
	bool good = true;

	if (geyser_texture_map(texture, compare ? GEYSER_ACCESS_READ : GEYSER_ACCESS_WRITE,
		    &mapping) != GEYSER_OK)
		return false;
	walk.data = mapping.data;
	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels; level++)
			for (uint32_t plane = 0; good && plane < planes; plane++)
				good = walk_plane(&walk, plane, level, layer);
	geyser_texture_unmap(texture);
	return good;
}

uint32_t plane_texel_bytes(enum geyser_format format, uint32_t plane)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);

	return geyser_format_get_info(info->plane[plane].format)->bytes_per_texel;
}

bool maps_in_place(struct geyser_texture *texture)
{
	return geyser_texture_map_path(texture) == GEYSER_PATH_ZERO_COPY;
}

bool fill_texture(struct geyser_texture *texture, uint32_t seed)
{
	return walk_texture(texture, seed, false);
}

bool texture_holds(struct geyser_texture *texture, uint32_t seed)
{
	return walk_texture(texture, seed, true);
}

/* ---- threads ---- */

static _Atomic unsigned failures;

void report_failure(const char *what, const char *file, int line)
{
	atomic_fetch_add(&failures, 1);
	(void)fprintf(stderr, "%s:%d: %s (%s)\n", file, line, what, geyser_error_detail());
}

void no_failures(void)
{
	assert_int_equal(atomic_exchange(&failures, 0), 0);
}

/* A starting line: all threads wait until the last one has arrived. */
struct start {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned missing;
};

static void start_together(struct start *start)
{
	(void)pthread_mutex_lock(&start->lock);
	if (--start->missing == 0)
		(void)pthread_cond_broadcast(&start->changed);
	while (start->missing)
		(void)pthread_cond_wait(&start->changed, &start->lock);
	(void)pthread_mutex_unlock(&start->lock);
}

struct worker {
	pthread_t thread;
	struct start *start;
	void (*work)(unsigned index, void *data);
	void *data;
	unsigned index;
};

static void *run_worker(void *data)
{
	struct worker *worker = data;

	start_together(worker->start);
	worker->work(worker->index, worker->data);
	return NULL;
}

void run_threads(unsigned count, void (*work)(unsigned index, void *data), void *data)
{
	struct worker workers[64];
	struct start start = {.missing = count};

	assert_in_range(count, 1, COUNT_OF(workers));
	assert_int_equal(pthread_mutex_init(&start.lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&start.changed, NULL), 0);
	for (unsigned i = 0; i < count; i++) {
		workers[i] = (struct worker){
			.start = &start,
			.work = work,
			.data = data,
			.index = i,
		};
		assert_int_equal(
			pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]), 0);
	}
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	(void)pthread_cond_destroy(&start.changed);
	(void)pthread_mutex_destroy(&start.lock);
	no_failures();
}

void latch_init(struct latch *latch)
{
	latch->count = 0;
	(void)pthread_mutex_init(&latch->lock, NULL);
	condition_init(&latch->changed);
}

void latch_finish(struct latch *latch)
{
	(void)pthread_cond_destroy(&latch->changed);
	(void)pthread_mutex_destroy(&latch->lock);
}

void latch_add(struct latch *latch)
{
	(void)pthread_mutex_lock(&latch->lock);
	latch->count++;
	(void)pthread_cond_broadcast(&latch->changed);
	(void)pthread_mutex_unlock(&latch->lock);
}

bool latch_wait(struct latch *latch, unsigned count)
{
	const uint64_t end = now_ns() + PATIENCE;
	bool reached;
	int error = 0;

	(void)pthread_mutex_lock(&latch->lock);
	while (latch->count < count && error == 0)
		error = condition_wait(&latch->changed, &latch->lock, end);
	reached = latch->count >= count;
	(void)pthread_mutex_unlock(&latch->lock);
	return reached;
}

/* ---- the machine ---- */

/* Tries each number: listing /proc/self/fd would itself need a free descriptor. */
unsigned fd_count(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 2048; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

void fd_count_becomes(unsigned count)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	uint64_t end = now_ns() + PATIENCE;

	while (fd_count() != count && now_ns() < end)
		(void)nanosleep(&moment, NULL);
	assert_int_equal(fd_count(), count);
}

unsigned inheritable_fd_count(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 2048; fd++)
		count += fcntl(fd, F_GETFD) == 0;
	return count;
}

bool fd_is_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && (flags & FD_CLOEXEC);
}

bool set_free_fds(unsigned count, struct rlimit *before)
{
	struct rlimit limit;
	unsigned free = 0;
	int fd = 0;

	if (getrlimit(RLIMIT_NOFILE, before) < 0)
		return false;
	for (; fd < 2048; fd++) {
		bool is_free = fcntl(fd, F_GETFD) < 0;

		if (is_free && free == count)
			break;
		free += is_free;
	}
	limit = *before;
	limit.rlim_cur = (rlim_t)fd;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

bool readable(int fd, uint64_t timeout_ns)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, (int)(timeout_ns / MILLISECOND)) == 1 &&
	       (poll_fd.revents & POLLIN);
}

uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545F4914F6CDD1D);
}
