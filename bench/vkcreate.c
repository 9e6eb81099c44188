/* Measures making a 4K image on a GPU, and importing it in a second process. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <geyser/memory.h>

#include "vkhand.h"

#define TARGET 1.1
#define SAMPLES_MAX 10
#define WARM_UP 1 /* rounds */

/* How the second process gets the image. */
/* CONNECT: geyser, with nothing imported before */
enum way { WAY_HAND, WAY_OURS, WAY_CONNECT, WAYS };

enum part { MAKE, EXPORT, IMPORT, BOTH, DESTROY, PARTS }; /* BOTH: from one process to the other */

struct create {
	struct vkhand hand;
	int sockets[2]; /* this process's end, and the second process's */
	/* the handle of an image that stays imported, which keeps the connection open */
	struct geyser_handle kept;
	struct geyser_texture *held; /* that image, in each process */
	struct geyser_texture *texture;
	struct vkhand_image image;
};

static const struct geyser_texture_desc desc = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = VKHAND_WIDTH, .height = VKHAND_HEIGHT};

/* ---- the second process ---------------------------------------------------------------------- */

struct answer {
	uint64_t begun, done;
};

static void hold(struct create *create)
{
	require(geyser_texture_import(create->hand.manager, &create->kept, NULL, &create->held),
		"importing the image to hold");
}

static void import_ours(struct create *create)
{
	struct geyser_handle handle;

	if (recv(create->sockets[1], &handle, sizeof(handle), 0) != (ssize_t)sizeof(handle))
		die("receiving a handle: %s", strerror(errno));
	require(geyser_texture_import(create->hand.manager, &handle, NULL, &create->texture),
		"importing");
}

static void import_by_hand(struct create *create)
{
	int fd;

	(void)hand_receive_fd(create->sockets[1], &fd);
	vkhand_image_import(&create->hand, fd, &create->image);
}

static void answer(struct create *create, enum way way, const struct peer_pipes *pipes)
{
	struct pollfd arrival = {.fd = create->sockets[1], .events = POLLIN};
	struct answer times;

	if (poll(&arrival, 1, (int)(VKHAND_TIMEOUT / 1000000)) != 1)
		die("nothing came to import");
	times.begun = now_ns();
	if (way == WAY_HAND)
		import_by_hand(create);
	else
		import_ours(create);
	times.done = now_ns();
	if (way == WAY_HAND)
		vkhand_image_destroy(&create->hand, &create->image);
	else
		geyser_texture_unref(create->texture);
	write_all(pipes->out, &times, sizeof(times));
}

static void run_importer(const struct peer_pipes *pipes, void *data)
{
	struct create *create = data;
	const char *why;
	enum way way;

	read_all(pipes->hold, &create->kept, sizeof(create->kept));
	if (!vkhand_open(&create->hand, &why))
		die("%s", why);
	hold(create);
	write_all(pipes->out, "", 1);
	while (next_order(pipes, &way, sizeof(way))) {
		if (way == WAY_CONNECT)
			geyser_texture_unref(create->held);
		write_all(pipes->out, "", 1);
		answer(create, way, pipes);
		if (way == WAY_CONNECT)
			hold(create);
	}
	geyser_texture_unref(create->held);
	vkhand_close(&create->hand);
}

/* ---- the first ------------------------------------------------------------------------------- */

static void make(struct create *create, enum way way)
{
	if (way == WAY_HAND)
		vkhand_image_create(&create->hand, &create->image);
	else
		require(geyser_texture_create(create->hand.manager, &desc, &create->texture),
			"making a texture");
}

static void export_ours(const struct create *create)
{
	struct geyser_handle handle;

	require(geyser_texture_export(create->texture, &handle), "exporting");
	if (send(create->sockets[0], &handle, sizeof(handle), MSG_NOSIGNAL) !=
		(ssize_t)sizeof(handle))
		die("sending a handle: %s", strerror(errno));
}

static void export_by_hand(const struct create *create)
{
	const int fd = vkhand_image_fd(&create->hand, &create->image);

	hand_send_fd(create->sockets[0], fd, create->image.size);
	(void)close(fd);
}

static void destroy(struct create *create, enum way way)
{
	if (way == WAY_HAND)
		vkhand_image_destroy(&create->hand, &create->image);
	else
		geyser_texture_unref(create->texture);
}

static void sample(struct create *create, const struct peer *peer, enum way way,
	uint64_t samples[PARTS][SAMPLES_MAX], size_t index)
{
	struct answer answer;
	uint64_t times[4];
	char ready;

	write_all(peer->hold, &way, sizeof(way));
	read_all(peer->in, &ready, 1);
	times[0] = now_ns();
	make(create, way);
	times[1] = now_ns();
	if (way == WAY_HAND)
		export_by_hand(create);
	else
		export_ours(create);
	times[2] = now_ns();
	read_all(peer->in, &answer, sizeof(answer));
	times[3] = now_ns();
	destroy(create, way);
	samples[MAKE][index] = times[1] - times[0];
	samples[EXPORT][index] = times[2] - times[1];
	samples[IMPORT][index] = answer.done - answer.begun;
	samples[BOTH][index] = answer.done - times[1];
	samples[DESTROY][index] = now_ns() - times[3];
}

/* ---- rounds ---------------------------------------------------------------------------------- */

struct outcome {
	struct series parts[PARTS], connecting;
};

static void add(struct outcome *outcome, uint64_t samples[WAYS][PARTS][SAMPLES_MAX], size_t count)
{
	uint64_t again[SAMPLES_MAX];

	memcpy(again, samples[WAY_HAND][IMPORT], sizeof(again));
	series_add(&outcome->connecting, 0.5, samples[WAY_CONNECT][IMPORT], again, count);
	for (int part = 0; part < PARTS; part++)
		series_add(&outcome->parts[part], 0.5, samples[WAY_OURS][part],
			samples[WAY_HAND][part], count);
}

static void measure(struct create *create, const struct peer *peer, size_t rounds, size_t count,
	struct outcome *outcome)
{
	uint64_t samples[WAYS][PARTS][SAMPLES_MAX];

	for (size_t round = 0; round < rounds + WARM_UP; round++) {
		for (size_t i = 0; i < count; i++)
			for (size_t turn = 0; turn < WAYS; turn++) {
				const enum way way = (enum way)((turn + i + round) % WAYS);

				sample(create, peer, way, samples[way], i);
			}
		if (round >= WARM_UP)
			add(outcome, samples, count);
	}
}

static void report(struct results *results, const struct outcome *outcome)
{
	static const struct {
		const char *name;
		enum part part;
		enum limit limit;
	} rows[] = {
		{"vulkan create 3840x2160", MAKE, LIMIT_RATIO},
		{"vulkan export", EXPORT, LIMIT_RATIO},
		{"vulkan import", IMPORT, LIMIT_RATIO},
		{"vulkan, from export to imported", BOTH, LIMIT_NONE},
		{"vulkan destroy", DESTROY, LIMIT_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		results_add_times(results, rows[i].name, PLACE_UNPINNED,
			&outcome->parts[rows[i].part], rows[i].limit, TARGET);
	results_add_times(results, "vulkan import, connecting", PLACE_UNPINNED,
		&outcome->connecting, LIMIT_NONE, 0);
}

static uint64_t make_and_drop(struct create *create, uint64_t pool)
{
	uint64_t start, made;

	require(geyser_manager_set_pool(create->hand.manager, pool, UINT64_MAX),
		"setting the pool");
	start = now_ns();
	make(create, WAY_OURS);
	made = now_ns() - start;
	destroy(create, WAY_OURS);
	return made;
}

/* Compares images from the manager's pool with those that are made anew. */
static void measure_pool(
	struct create *create, size_t rounds, size_t count, struct results *results)
{
	uint64_t pooled[SAMPLES_MAX], anew[SAMPLES_MAX];
	struct series series = {.rounds = 0};

	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			anew[i] = make_and_drop(create, 0);
			(void)make_and_drop(create, UINT64_MAX);
			pooled[i] = make_and_drop(create, UINT64_MAX);
		}
		series_add(&series, 0.5, pooled, anew, count);
	}
	results_add_times(results, "vulkan create from pool 3840x2160", PLACE_UNPINNED, &series,
		LIMIT_NONE, 0);
}

static void run_exporter(struct create *create, const struct peer *peer,
	const struct settings *settings, struct results *results)
{
	struct outcome outcome = {.connecting = {.rounds = 0}};
	const bool software = vkhand_is_software(&create->hand);
	const size_t rounds = software ? (settings->rounds + 3) / 4 : settings->rounds;
	const size_t count = software || settings->quick ? 3 : SAMPLES_MAX;
	char ready;

	require(geyser_texture_create(create->hand.manager, &desc, &create->held),
		"making a texture");
	require(geyser_texture_export(create->held, &create->kept), "exporting it");
	write_all(peer->hold, &create->kept, sizeof(create->kept));
	read_all(peer->in, &ready, 1);
	measure(create, peer, rounds, count, &outcome);
	report(results, &outcome);
	measure_pool(create, rounds, count, results);
}

static void run(const struct settings *settings, struct results *results)
{
	struct create create = {.held = NULL};
	struct peer peer;
	const char *why;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, create.sockets) != 0)
		die("socketpair: %s", strerror(errno));
	peer_start(&peer, PLACE_UNPINNED, run_importer, &create);
	if (!vkhand_open(&create.hand, &why)) {
		results_add_missing(results, "vulkan create, export, import", why);
		peer_abandon(&peer);
		return;
	}
	results_add_text(results, "vkcreate: device", create.hand.name);
	run_exporter(&create, &peer, settings, results);
	peer_stop(&peer); /* stopped first, since it may still be importing these images */
	geyser_texture_unref(create.held);
	vkhand_close(&create.hand);
}

void bench_vkcreate(const struct settings *settings, struct results *results)
{
	run_apart(run, settings, results);
}
