/*
 * The second file of a lossless recording: FILE.frames, with what belongs to each frame besides its
 * texels. docs/recording.md describes the lines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_SIDECAR_H
#define GEYSER_CLI_MEDIA_SIDECAR_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include <geyser/stream.h>

#define MEDIA_ID_SIZE 33u
#define MEDIA_SIDECAR_ENDING ".frames"

/* What the first line says. */
struct media_heading {
	/* random hexadecimal digits, which the film has as well: so that no film is taken for
	 * another one of the same name */
	char id[MEDIA_ID_SIZE];
	char stream[GEYSER_STREAM_NAME_MAX + 1];
	enum geyser_format format;
	uint32_t width, height;
	uint32_t rate_num, rate_den; /* the stream's; 0: not known */
};

/* The longest line. Those of geyser record have less than 4,000 bytes. */
#define MEDIA_LINE_MAX 65536u

struct media_sidecar {
	FILE *file;
	char path[PATH_MAX]; /* for messages */
	char *line;          /* of MEDIA_LINE_MAX bytes, when reading; owned */
	uint64_t lines;      /* how many frames were written or read */
	uint64_t last_ns;    /* when the last of these frames was submitted */
	bool ended;          /* the last line was read: the recording was ended in order */
};

/* Writes the path of the film's file into a buffer of PATH_MAX bytes. Returns false after a
 * message. */
bool media_sidecar_name(char *path, const char *film);

/* Makes the file beside the film, or empties it, and writes the first line. Returns false after a
 * message. */
bool media_sidecar_create(
	struct media_sidecar *out, const char *film, const struct media_heading *heading);

/* Writes a frame's line. check is that of the frame's packet. Returns false after a message. */
bool media_sidecar_write(
	struct media_sidecar *sidecar, const struct geyser_frame_info *info, uint32_t check);

/* Writes the last line: the recording is whole. Returns false after a message. */
bool media_sidecar_end(struct media_sidecar *sidecar, uint64_t frames, uint64_t duration_ns);

/* Opens the film's file and reads its first line. Returns false after a message. */
bool media_sidecar_open(struct media_sidecar *out, const char *film, struct media_heading *heading);

enum media_line {
	MEDIA_LINE_FRAME,
	MEDIA_LINE_END,    /* the last line, or none, or one that isn't whole: `ended` tells */
	MEDIA_LINE_FAILED, /* a message was printed */
};

/* Reads the next frame's line. */
enum media_line media_sidecar_read(
	struct media_sidecar *sidecar, struct geyser_frame_info *out, uint32_t *check);

/* Goes back to the first frame's line. Returns false after a message. */
bool media_sidecar_rewind(struct media_sidecar *sidecar);

void media_sidecar_close(struct media_sidecar *sidecar);

#endif
