/*
 * geyser info --self-test: selftest.c runs the steps, and selftest_report.c writes the report. The
 * steps are in selftest_steps.c, selftest_live.c, selftest_formats.c and selftest_gpu.c, those that
 * measure in selftest_wakes.c and selftest_limits.c; the second process runs selftest_peer.c.
 * selftest_texels.c computes the texels that both processes write, and selftest_metal.m makes
 * command buffers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SELFTEST_H
#define GEYSER_CLI_SELFTEST_H

#include <stddef.h>

#include <geyser/stream.h>

#include "child.h"
#include "info.h"

/* The limit of each wait within a step, and the limit of a whole step. */
#define SELFTEST_WAIT_NS (10 * NANOSECONDS)
#define SELFTEST_STEP_SECONDS 60u

#define SELFTEST_NOTE_SIZE 512u
#define SELFTEST_STEPS_MAX 16u
#define SELFTEST_FIGURES_MAX 8u

/* The size of the texture's rows is no power of two. */
#define SELFTEST_WIDTH 250u
#define SELFTEST_HEIGHT 131u
#define SELFTEST_SEED 1u   /* the seed of the texels that the first process writes */
#define SELFTEST_ANSWER 2u /* the seed of the texels that the second process writes */

#define SELFTEST_ROUNDS 1000u
#define SELFTEST_FRAMES 120u
#define SELFTEST_FRAME_WIDTH 320u
#define SELFTEST_FRAME_HEIGHT 180u

enum selftest_result { SELFTEST_OK, SELFTEST_FAILED, SELFTEST_SKIPPED };

struct selftest_step_result {
	const char *name;
	enum selftest_result result;
	uint64_t ns;
	/* what the step did, what was wrong, or why the step was skipped */
	char note[SELFTEST_NOTE_SIZE];
};

/* Something that no documentation settles, or that differs between machines. */
struct selftest_figure {
	char what[64], found[192];
};

/* The test of one backend. */
struct selftest {
	enum geyser_backend backend;
	int signals;
	struct geyser_manager *manager;
	struct info_device device;
	uint32_t usage[GEYSER_FORMAT_COUNT][INFO_DIMENSIONS];
	/* why such a texture can't be made */
	char refusal[GEYSER_FORMAT_COUNT][INFO_DIMENSIONS][256];
	bool formats_known;
	enum geyser_format format; /* the format of the texture and the stream */
	struct geyser_texture *texture;
	char handle[GEYSER_HANDLE_TEXT_SIZE]; /* the texture's handle */
	char failure[SELFTEST_NOTE_SIZE];     /* the first message of failure() in the step */
	char note[SELFTEST_NOTE_SIZE];        /* what the step did, or why it is skipped */
	struct selftest_step_result steps[SELFTEST_STEPS_MAX];
	size_t step_count;
	struct selftest_figure figures[SELFTEST_FIGURES_MAX];
	size_t figure_count;
	uint64_t gpu_wait_ns; /* how long a GPU's wait for a stopped process is watched */
};

/* A step prints what is wrong with failure(), or sets the note. */
typedef enum selftest_result selftest_step(struct selftest *test);
selftest_step selftest_formats;
selftest_step selftest_manager, selftest_create, selftest_map, selftest_export, selftest_import;
selftest_step selftest_events, selftest_stream, selftest_death, selftest_release;
selftest_step selftest_gpu_order, selftest_gpu_stream, selftest_wakes, selftest_limits;

/* Sets the note and returns SELFTEST_OK. */
__attribute__((format(printf, 2, 3))) enum selftest_result selftest_passed(
	struct selftest *test, const char *format, ...);

/* Adds a row to the report's table of measurements. */
__attribute__((format(printf, 3, 4))) void selftest_measured(
	struct selftest *test, const char *what, const char *format, ...);

/* Sorts the times, which are in nanoseconds, and returns their median in microseconds. */
double selftest_median_us(uint64_t *times, size_t count);

/* Runs the steps on one backend (AUTO: on each one that is available) and prints the report.
 * gpu_wait_ns is as in struct selftest. Returns the exit status. */
int selftest_run(enum geyser_backend backend, uint64_t gpu_wait_ns, bool json);

/* ---- the second process --------------------------------------------------------------------- */

int selftest_peer(int argc, char **argv);

/* Starts the second process. Its stdout is child->output. */
bool selftest_start(struct selftest *test, char *role, char *first, struct child *out);

/* Reads the second process's next line. The line must begin with the word; the rest of it goes into
 * text. */
bool selftest_hear(struct child *child, const char *word, char *text, size_t size);

/* Waits for a value of an event that this process made. The wait ends with a message if the
 * child ends, if the child prints a line (it does so only if something is wrong), or if a signal
 * comes. */
bool selftest_await(struct child *child, struct geyser_event *event, uint64_t value);

/* Waits until the child subscribes. The wait ends as that of selftest_await. */
bool selftest_await_subscriber(struct child *child, struct geyser_publisher *publisher);

/* Reads a handle's text. Both processes use the functions below. */
bool selftest_handle(const char *text, struct geyser_handle *out);

/* selftest_fill writes bytes that follow from the seed, everywhere in the texture. selftest_check
 * compares each byte. */
bool selftest_fill(struct geyser_texture *texture, uint32_t seed);
bool selftest_check(struct geyser_texture *texture, uint32_t seed);

/* Argument: the stream's name, a comma, and an event's handle. */
int selftest_wakes_peer(struct geyser_manager *manager, const char *argument);

/* ---- the GPU, where the backend is Metal's ----------------------------------------------------
 */

/* Whether the backend's GPU can wait for events here; if not, sets the note. */
bool selftest_has_gpu(struct selftest *test);

int selftest_gpu_order_peer(struct geyser_manager *manager, const char *argument);
int selftest_gpu_stream_peer(struct geyser_manager *manager, const char *argument);

/* ---- the report ----------------------------------------------------------------------------- */

void selftest_print_head(void);
void selftest_print_unavailable(enum geyser_backend backend, const char *reason);
void selftest_print_begin(const struct selftest *test);
void selftest_print_step(const struct selftest_step_result *step);
void selftest_print_figures(const struct selftest *test);
void selftest_print_formats(const struct selftest *test);

struct selftest_backend {
	enum geyser_backend backend;
	char reason[512]; /* why the backend isn't available; "" if it was tested */
	const struct selftest *test;
};

struct selftest_counts {
	unsigned ok, failed, skipped;
};

void selftest_print_counts(const struct selftest_counts *counts);
void selftest_write_json(const struct selftest_backend *backends, size_t count,
	const struct selftest_counts *counts);

#endif
