/*
 * The side of the peer: a second process that a test starts (harness.h). A peer makes a manager and
 * answers "ok". It then reads one command a line from stdin, and answers each with a line on
 * stdout. A command that is going to wait says "waiting" first, so that the test can do something
 * meanwhile.
 *
 * A result is answered as "ok", or as the result's name and the error's detail. The functions below
 * are for the peer's main thread. A call that must not fail ends the peer if it does fail; the test
 * then finds that the peer says no more.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_PEER_COMMANDS_H
#define TESTS_PEER_COMMANDS_H

#include "support.h"

#include <geyser/stream.h>

/* ---- answers ---- */

/* Writes one line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_result(enum geyser_result result);
void say_good(bool good); /* "ok" or "bad" */

/* Returns the decimal number that the text begins with, or 0. */
uint64_t number(const char *text);

/* ---- tables of commands ---- */

struct command {
	const char *name;
	void (*run)(const char *text); /* text: the rest of the line behind the name, maybe "" */
};

/* Runs the command of that name and returns whether there is one. `tables` ends with NULL, and each
 * table with a row without a name; an earlier table hides the names of a later one. */
bool run_command(const struct command *const *tables, const char *name, const char *text);

/* Reads a line and runs its command. Returns false at the end of stdin. */
bool obey_line(const struct command *const *tables);

/* Obeys until stdin ends. */
void obey_all(const struct command *const *tables);

/* ---- the objects of a peer ---- */

/* At most one of each. */
struct peer_objects {
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct geyser_publisher *publisher;
	struct geyser_texture_desc published; /* of the publisher's first frames */
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame; /* which the publisher has acquired by "acquire" */
};

extern struct peer_objects my;

/* Makes my.manager. The peer doesn't outlive the test from then on. */
void open_manager(enum geyser_backend backend);

/* Releases all objects except my.manager, which the caller destroys. */
void release_objects(void);

/* create-texture FORMAT WIDTH HEIGHT [USAGE]   answers the handle
 * import-texture HANDLE|ID
 * path                  answers the number of enum geyser_path
 * fill SEED             by the CPU
 * compare SEED          by the CPU: "ok" if the texture has that pattern, else "bad"
 * map                   maps the texture for reading, and unmaps it
 * create-event VALUE    answers the handle
 * import-event HANDLE|ID
 * value                 answers the event's value
 * signal VALUE
 * wait VALUE [NS]       "waiting", then the result of the wait
 * notify VALUE          "waiting", then the result that the callback gets
 * poll VALUE            "waiting", then the result of a wait once the descriptor is readable
 * drop                  unrefs texture and event
 *
 * A handle is answered as "ok HANDLE ID". */
extern const struct command object_commands[];

/* What create-texture and import-texture do before they answer. */
enum geyser_result create_texture(const char *text);
enum geyser_result import_texture_named(const char *text);

/* Export my.texture or my.event and answer its handle. */
void say_texture_handle(void);
void say_event_handle(void);

/* publish NAME FORMAT WIDTH HEIGHT [BUFFERS [USAGE [PACING]]]
 * resize FORMAT WIDTH HEIGHT [USAGE]
 * submit SEED           a frame that the CPU has filled
 * acquire               a frame
 * submit-acquired       the frame that "acquire" got
 * subscribe NAME        to get every frame
 * take                  "ok SEQUENCE PATH" if the next frame has the pattern of its sequence,
 *                       else "bad SEQUENCE PATH"; releases the frame
 * wait-frame            "waiting", then as take */
extern const struct command stream_commands[];

/* Acquires a frame of my.publisher within PATIENCE, fills it and submits it. A frame that the CPU
 * can't fill is GEYSER_ERROR_MISMATCH. */
enum geyser_result submit_filled(uint32_t seed);

/* Acquires a frame of my.publisher within PATIENCE. */
struct geyser_frame *acquire_frame(void);

/* Acquires the next frame of my.subscriber within PATIENCE. *sequence: its number, which is also
 * the seed of its pattern. */
struct geyser_frame *take_frame(uint32_t *sequence);

/* Answers as take does. */
void say_frame(bool good, uint32_t sequence, enum geyser_path path);

#endif
