/*
 * The program: what its subcommands share.
 *
 * SPDX-License-Identifier: MIT
 *
 * The program uses the public headers alone. Answers go to stdout, errors to stderr as
 * "geyser: what was wrong (value): what would be right".
 */
#ifndef GEYSER_CLI_COMMON_H
#define GEYSER_CLI_COMMON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <geyser/geyser.h>

#include "io.h"

enum {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2,
};

#define NANOSECONDS UINT64_C(1000000000)

/* ---- errors: each prints one line and returns the exit status that goes with it ------------- */

__attribute__((format(printf, 1, 2))) int failure(const char *format, ...);
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);

/* The library's own sentence, after the context if there is one ("import of 0x1234abcd"). */
__attribute__((format(printf, 1, 2))) int library_failure(const char *context, ...);

/* From now on the first message goes into text, which becomes "" now, and no other one anywhere;
 * NULL: all go to stderr again. For reports. */
void failures_capture(char *text, size_t size);

/* As library_failure, but wrong usage if the library says that the argument is wrong. */
int creation_failure(enum geyser_result result, const char *name);

/* ---- answers: collected here, and written to stdout whole ------------------------------------ */

/* Returns the stream that collects answers. Writing to it never waits. */
FILE *answers(void);

/* Writes what was collected to stdout, also where that is non-blocking. */
enum io_result answers_flush(void);

/* As answers_flush, for a command that prints again and again. False if the command must end, with
 * *status: a reader that has gone, or a signal, ends it with STATUS_OK. */
bool answers_go_on(int *status);

/* As answers_flush, and returns the exit status. A subcommand that printed returns it, since a full
 * disk shows only here. A signal that ended the writing is no failure. */
int finish_output(void);

/* Writes what was collected to stderr instead. */
void answers_to_stderr(void);

/* ---- stderr --------------------------------------------------------------------------------- */

/* Writes a remark or a figure to stderr, in one piece. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

/* Writes "geyser: ..." to stderr, only if that is a terminal: the progress, or what the command
 * waits for. The next message takes its place. */
__attribute__((format(printf, 1, 2))) void tell_progress(const char *format, ...);

/* Removes the last text of tell_progress from the terminal. */
void end_progress(void);

/* ---- reading arguments ---------------------------------------------------------------------- */

/* Decimal, or hexadecimal after 0x; digits alone, nothing before or after. */
bool parse_number(const char *text, uint64_t *out);

/* "1920x1080", each 1 to GEYSER_MAX_DIMENSION, or one of ffmpeg's names, "hd720". Prints what is
 * wrong and returns the exit status, or STATUS_OK. */
int parse_size(const char *command, const char *text, uint32_t *width, uint32_t *height);

/* "30", "30000/1001", "29.97" (which is the same as the one before), "12.5": frames a second; both
 * parts 1 to 1000000. */
bool parse_rate(const char *text, uint32_t *num, uint32_t *den);

/* "2", "0.25": seconds to nanoseconds, up to 10^9 s. */
bool parse_seconds(const char *text, uint64_t *out);

/* As parse_seconds for the option that the name describes ("timeout"); zero: 0 is allowed. Prints
 * what is wrong and returns the exit status, or STATUS_OK. */
int parse_timeout(
	const char *command, const char *name, const char *text, bool zero, uint64_t *out);

/* GEYSER_FORMAT_NONE after an error message that names the nearest format. */
enum geyser_format parse_format(const char *text);

/* The nearest of count words, if one is so near that it may have been meant, else NULL. */
const char *nearest_word(
	const char *text, size_t count, const char *(*word)(size_t index, void *user), void *user);

/* Writes a word such that a shell reads it as one, in quotes if need be. Returns out, whose size
 * must be larger by two than the word's. */
const char *shell_word(const char *word, char *out, size_t size);

/* A handle or an id from the command line. */
struct target {
	const char *text; /* as typed; borrowed */
	bool by_id;
	uint32_t id;
	struct geyser_handle handle; /* valid at once, or for an id after target_find */
};

/* Prints what is wrong and returns the exit status, or STATUS_OK. */
int target_parse(const char *text, struct target *out);

/* Looks an id up; nothing to do for a handle. */
enum geyser_result target_find(struct target *target);

/* Prints why a target of that kind ("texture") can't be imported, and returns the exit status. Call
 * this with the result of the failed call, on its thread: the message has that error's detail. */
int import_failure(const struct target *target, const char *kind, enum geyser_result result);

/* ---- managers: each command that makes one has --backend ------------------------------------- */

/* How many backends the library knows, without GEYSER_BACKEND_AUTO: they are 1 to this. */
unsigned backend_count(void);

/* Prints what is wrong and returns the exit status, or STATUS_OK. */
int parse_backend(const char *text, enum geyser_backend *out);

/* Makes a manager; the same. context begins the message. */
int open_manager(
	const char *context, const struct geyser_manager_desc *desc, struct geyser_manager **out);

/* What a 2D texture that this program fills is made for, of what the backend offers; host_memory:
 * in host memory, also if the backend doesn't offer that, so that creating it says why. The same.
 */
int choose_usage(struct geyser_manager *manager, enum geyser_format format, bool host_memory,
	const char *context, uint32_t *out);

/* How this process gets at a texture's texels. */
struct reach {
	enum geyser_backend backend;
	enum geyser_path path;     /* of the backend itself */
	enum geyser_path map_path; /* of mappings, which is what this program reads and writes */
};

struct reach reach_of(const struct geyser_manager *manager, const struct geyser_texture *texture);

#define REACH_SIZE 64u

/* ", vulkan, zero-copy, mapped through a copy", to go on with a line. Returns text. */
const char *reach_text(const struct reach *reach, char text[REACH_SIZE]);

/* "zero-copy", "blit", "copy". */
const char *path_name(enum geyser_path path);

/* ---- the rest ------------------------------------------------------------------------------- */

/* What share and event create print about their export. */
enum names {
	NAMES_BOTH,   /* by default: two lines: the handle's text, then "id 0x…" */
	NAMES_HANDLE, /* the text alone */
	NAMES_ID,     /* 0x… alone */
	NAMES_JSON,   /* {"handle":"…","id":"0x…"} */
};

int print_names(const struct geyser_handle *handle, enum names names);

uint64_t now_ns(void);

#define DURATION_SIZE 32u

/* Writes a duration for people: "1.5 s", "20 ms", "3 µs". Returns text. */
const char *duration_text(uint64_t ns, char text[DURATION_SIZE]);

/* "" for 1, else "s". */
const char *plural(uint64_t count);

/* Blocks SIGINT and SIGTERM and returns a descriptor that is readable when one has come, or -1
 * after a message. To be called before the library or a driver starts threads, which inherit the
 * mask: before a manager is made. From then on a thread ends the process with STATUS_OK a second
 * after the signal, wherever it hangs. */
int signals_open(void);

/* Sets how long the process may take to end after a signal, and its status if it takes longer. */
void signals_set_end(uint64_t grace_ns, int status);

/* Sets a function that the thread of signals_open calls at once when a signal comes. It ends a wait
 * of the command within the library. NULL removes it: when this returns no call is running. */
void signals_set_hook(void (*hook)(void *user), void *user);

/* Returns the descriptor of signals_open; -1 before that, and after signals_close. */
int signals_fd(void);
void signals_close(void);

/* Blocks until SIGINT or SIGTERM. */
int signals_wait(int signals);

/* Whether one has come. */
bool signals_came(int signals);

#endif
