/*
 * Functions that all subcommands use.
 *
 * SPDX-License-Identifier: MIT
 *
 * The program uses the public headers alone. Answers go to stdout, errors to stderr as
 * "geyser: what was wrong (value): what would be right".
 */
#ifndef GEYSER_CLI_COMMON_H
#define GEYSER_CLI_COMMON_H

#include <poll.h>
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

/* Prints the library's error detail, after the context if that isn't empty ("import of
 * 0x1234abcd"). */
__attribute__((format(printf, 1, 2))) int library_failure(const char *context, ...);

/* Redirects messages, for reports: the first one from now on goes into text, which is set to "",
 * and later ones are dropped. With NULL, messages go to stderr again. */
void failures_capture(char *text, size_t size);

/* Does the same as library_failure, but returns STATUS_USAGE if the library refused an argument. */
int creation_failure(enum geyser_result result, const char *name);

/* ---- answers: collected here, and written to stdout whole ------------------------------------ */

/* Returns the stream that collects answers. Writing to it never waits. */
FILE *answers(void);

/* Writes the collected answers to stdout, and waits where stdout is non-blocking and full. */
enum io_result answers_flush(void);

/* Does the same as answers_flush, for a command that prints again and again. Returns false if the
 * command must end with *status: STATUS_OK if stdout's reader has gone or a signal has come. */
bool answers_go_on(int *status);

/* Does the same as answers_flush and returns the exit status. A subcommand that printed returns
 * this status, since only this write shows that the disk is full. If a signal ended the write, that
 * is no failure. */
int finish_output(void);

/* Writes the collected answers to stderr instead of stdout. */
void answers_to_stderr(void);

/* ---- stderr --------------------------------------------------------------------------------- */

/* Writes a remark or a figure to stderr, in one piece. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

/* Writes "geyser: ..." to stderr if stderr is a terminal: the progress, or what the command waits
 * for. The next message overwrites this text. */
__attribute__((format(printf, 1, 2))) void tell_progress(const char *format, ...);

/* Removes the last text of tell_progress from the terminal. */
void end_progress(void);

/* ---- reading arguments ---------------------------------------------------------------------- */

/* Reads a decimal number, or a hexadecimal one after 0x. The text must have nothing but the
 * digits. */
bool parse_number(const char *text, uint64_t *out);

struct size {
	uint32_t width, height;
};

/* Reads a size: "1920x1080", each 1 to GEYSER_MAX_DIMENSION, or one of ffmpeg's names, such as
 * "hd720". Prints what is wrong and returns the exit status, or STATUS_OK. */
int parse_size(const char *command, const char *text, struct size *out);

#define RATE_MAX 1000000u

/* Reads frames a second: "30", "12.5", "30000/1001", or "29.97", which means 30000/1001. Both parts
 * of the result are 1 to RATE_MAX. */
bool parse_rate(const char *text, uint32_t *num, uint32_t *den);

/* Reads seconds ("2", "0.25"), at most 10^9, and converts them to nanoseconds. */
bool parse_seconds(const char *text, uint64_t *out);

/* Reads the seconds of the option that name describes ("timeout"). zero says whether 0 is allowed.
 * Prints what is wrong and returns the exit status, or STATUS_OK. */
int parse_timeout(
	const char *command, const char *name, const char *text, bool zero, uint64_t *out);

/* Reads a format's name. Returns GEYSER_FORMAT_NONE after a message that names the nearest
 * format. */
enum geyser_format parse_format(const char *text);

/* Returns the one of count words that is nearest to text; NULL if no word is near enough that the
 * user may have meant it. */
const char *nearest_word(
	const char *text, size_t count, const char *(*word)(size_t index, void *user), void *user);

/* Whether the name's last dot and what follows are that ending, in letters of either case. */
bool ends_in(const char *path, const char *ending);

/* Writes a word so that a shell reads it as one word, in quotes where needed. Returns out, whose
 * size must be larger than the word's by two. */
const char *shell_word(const char *word, char *out, size_t size);

/* A handle or an id from the command line. */
struct target {
	const char *text; /* as the user typed it; borrowed */
	bool by_id;
	uint32_t id;
	struct geyser_handle handle; /* valid after target_parse, or for an id after target_find */
};

/* Prints what is wrong and returns the exit status, or STATUS_OK. */
int target_parse(const char *text, struct target *out);

/* Looks up the handle of an id. Does nothing for a target that was given as a handle. */
enum geyser_result target_find(struct target *target);

/* Prints why a target of that kind ("texture") can't be imported, and returns the exit status. Call
 * this with the result of the failed call, on its thread: the message has that error's detail. */
int import_failure(const struct target *target, const char *kind, enum geyser_result result);

/* ---- managers: each command that makes one has --backend ------------------------------------- */

/* Returns how many backends the library knows, without GEYSER_BACKEND_AUTO. Their numbers are 1 to
 * this. */
unsigned backend_count(void);

/* Prints what is wrong and returns the exit status, or STATUS_OK. */
int parse_backend(const char *text, enum geyser_backend *out);

/* Makes a manager. Prints what is wrong, after the context, and returns the exit status, or
 * STATUS_OK. */
int open_manager(
	const char *context, const struct geyser_manager_desc *desc, struct geyser_manager **out);

/* Chooses the usage of a 2D texture that this program fills, from the usages that the backend
 * offers. With host_memory the texture is in host memory, even if the backend doesn't offer that:
 * creating it then says why not. Prints what is wrong and returns the exit status, or STATUS_OK. */
int choose_usage(struct geyser_manager *manager, enum geyser_format format, bool host_memory,
	const char *context, uint32_t *out);

/* How this process reaches a texture's texels. */
struct reach {
	enum geyser_backend backend;
	enum geyser_path path; /* the path of the backend itself */
	/* the path of mappings, by which this program reads and writes */
	enum geyser_path map_path;
};

struct reach reach_of(const struct geyser_manager *manager, const struct geyser_texture *texture);

#define REACH_SIZE 64u

/* Writes the end of a line, such as ", vulkan, zero-copy, mapped through a copy". Returns text. */
const char *reach_text(const struct reach *reach, char text[REACH_SIZE]);

/* Returns "zero-copy", "blit", "copy" or "converted". */
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

/* Returns "" for 1, else "s". */
const char *plural(uint64_t count);

/* Blocks SIGINT and SIGTERM and returns a descriptor that is readable when one of them has come; -1
 * after a message. Call this before a manager is made: threads of the library and of drivers
 * inherit the blocked signals. From then on a thread ends the process with STATUS_OK one second
 * after a signal, wherever the process hangs; five seconds after it, if the command has noticed the
 * signal (signals_noticed, signals_wait, signals_came). */
int signals_open(void);

/* Sets a function that the thread of signals_open calls as soon as a signal comes, to end a wait of
 * the command within the library. NULL removes the function; no call of it is running when this
 * returns. */
void signals_set_hook(void (*hook)(void *user), void *user);

/* Gives the command a minute after a signal to end in order, whether it has noticed the signal or
 * not: for a file that has to be finished. If it isn't finished by then, the process says so and
 * ends with status 1. file is the file's name; borrowed until the process ends. */
void signals_give_time(const char *file);

/* Returns the descriptor of signals_open; -1 before signals_open and after signals_close. */
int signals_fd(void);
void signals_close(void);

/* Returns whether poll has found a signal; polled is the entry of signals_fd. A command that has
 * noticed a signal has more time to end in order. */
bool signals_noticed(const struct pollfd *polled);

/* Blocks until SIGINT or SIGTERM. */
int signals_wait(int signals);

/* Returns whether SIGINT or SIGTERM has come. */
bool signals_came(int signals);

#endif
