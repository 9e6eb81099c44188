/*
 * The second file of a lossless recording, FILE.frames: one JSON object a line.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "json.h"
#include "json_read.h"
#include "media_sidecar.h"
#include "wrap.h"

#define VERSION 1u

bool media_sidecar_name(char *path, const char *film)
{
	if (snprintf(path, PATH_MAX, "%s" MEDIA_SIDECAR_ENDING, film) < PATH_MAX)
		return true;
	(void)failure("%.100s...: its name is too long (%zu bytes): expected %d at most", film,
		strlen(film), PATH_MAX - (int)sizeof(MEDIA_SIDECAR_ENDING));
	return false;
}

void media_sidecar_close(struct media_sidecar *sidecar)
{
	if (sidecar->file)
		(void)fclose(sidecar->file);
	sidecar->file = NULL;
	free(sidecar->line);
	sidecar->line = NULL;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Hands the line to the system, so that it outlives this process. */
static bool flush(const struct media_sidecar *sidecar)
{
	if (fflush(sidecar->file) == 0 && !ferror(sidecar->file))
		return true;
	(void)failure("%s: can't be written (%s): expected a place that is writable and has room",
		sidecar->path, strerror(errno));
	return false;
}

bool media_sidecar_create(
	struct media_sidecar *out, const char *film, const struct media_heading *heading)
{
	struct json json = {.compact = true};

	*out = (struct media_sidecar){.file = NULL};
	if (!media_sidecar_name(out->path, film))
		return false;
	out->file = fopen(out->path, "we");
	if (!out->file) {
		(void)failure("%s: can't be written (%s): expected a place that is writable",
			out->path, strerror(errno));
		return false;
	}
	json.file = out->file;
	json_begin(&json, NULL, '{');
	json_number(&json, "geyser_frames", VERSION);
	json_string(&json, "id", heading->id);
	json_string(&json, "stream", heading->stream);
	json_string(&json, "format", geyser_format_name(heading->format));
	json_number(&json, "width", heading->width);
	json_number(&json, "height", heading->height);
	json_number(&json, "rate_num", heading->rate_num);
	json_number(&json, "rate_den", heading->rate_den);
	json_end(&json, '}');
	return flush(out);
}

static void write_numbers(struct json *json, const char *key, const uint64_t *numbers, size_t count)
{
	json_begin(json, key, '[');
	for (size_t i = 0; i < count; i++)
		json_number(json, NULL, numbers[i]);
	json_end(json, ']');
}

static void write_rects(
	struct json *json, const char *key, const struct geyser_rect *rects, size_t count)
{
	json_begin(json, key, '[');
	for (size_t i = 0; i < count; i++) {
		json_number(json, NULL, rects[i].x);
		json_number(json, NULL, rects[i].y);
		json_number(json, NULL, rects[i].width);
		json_number(json, NULL, rects[i].height);
	}
	json_end(json, ']');
}

static void write_color(struct json *json, const struct geyser_color *color)
{
	const uint64_t numbers[] = {
		color->primaries, color->transfer, color->matrix, (uint64_t)color->range};

	write_numbers(json, "color", numbers, 4);
	json_begin(json, "luminance", '[');
	json_float(json, NULL, color->mastering_min_luminance);
	json_float(json, NULL, color->mastering_max_luminance);
	json_float(json, NULL, color->max_content_light_level);
	json_float(json, NULL, color->max_frame_average_light_level);
	json_end(json, ']');
}

static void write_user(struct json *json, const struct geyser_frame_info *info)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * GEYSER_FRAME_USER_MAX + 1];

	for (uint32_t i = 0; i < info->user_size; i++) {
		text[2 * i] = digits[info->user[i] >> 4];
		text[2 * i + 1] = digits[info->user[i] & 15];
	}
	text[2 * info->user_size] = '\0';
	json_string(json, "user", text);
}

bool media_sidecar_write(
	struct media_sidecar *sidecar, const struct geyser_frame_info *info, uint32_t check)
{
	struct json json = {.file = sidecar->file, .compact = true};

	json_begin(&json, NULL, '{');
	json_number(&json, "crc32", check);
	json_number(&json, "sequence", info->sequence);
	json_number(&json, "timestamp_ns", info->timestamp_ns);
	json_number(&json, "presentation_ns", info->presentation_ns);
	write_rects(&json, "crop", &info->crop, 1);
	write_rects(&json, "damage", info->damage, info->damage_count);
	json_number(&json, "orientation", (uint64_t)info->orientation);
	json_number(&json, "alpha", (uint64_t)info->alpha);
	write_color(&json, &info->color);
	json_number(&json, "siting", (uint64_t)info->siting);
	write_user(&json, info);
	json_end(&json, '}');
	sidecar->lines++;
	return flush(sidecar);
}

bool media_sidecar_end(struct media_sidecar *sidecar, uint64_t frames, uint64_t duration_ns)
{
	struct json json = {.file = sidecar->file, .compact = true};

	json_begin(&json, NULL, '{');
	json_number(&json, "frames", frames);
	json_number(&json, "duration_ns", duration_ns);
	json_end(&json, '}');
	return flush(sidecar);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* How much later than its predecessor a frame may be, in nanoseconds: a year. Whoever replays it
 * would wait for so long. */
#define STEP_MAX_NS (UINT64_C(365) * 24 * 3600 * NANOSECONDS)

enum next {
	NEXT_LINE,
	NEXT_END, /* also where a line isn't whole: the recorder may have been killed within it */
	NEXT_WRONG,
};

/* Reads a line, without its end. */
static enum next next_line(struct media_sidecar *sidecar)
{
	size_t length = 0;
	int c;

	while ((c = getc(sidecar->file)) != EOF && c != '\n') {
		if (!c || length + 1 == MEDIA_LINE_MAX)
			return NEXT_WRONG;
		sidecar->line[length++] = (char)c;
	}
	sidecar->line[length] = '\0';
	return c == EOF ? NEXT_END : NEXT_LINE;
}

/* Tells that the line is wrong, or the member of it that has this key. */
static enum media_line refuse(
	const struct media_sidecar *sidecar, const char *what, const char *key)
{
	const char *const value = key ? json_member(sidecar->line, key) : NULL;
	char text[64] = "";

	if (value)
		(void)snprintf(text, sizeof(text), ": %.*s",
			(int)strcspn(value, *value == '[' ? "]" : ",}"), value);
	replace_controls(text);
	(void)failure("%s:%" PRIu64 ": wrong line (%s%s): expected the lines that geyser record "
		      "--lossless wrote",
		sidecar->path, sidecar->lines + 2, what, text);
	return MEDIA_LINE_FAILED;
}

static bool read_number(const char *line, const char *key, uint64_t most, uint64_t *out)
{
	return json_read_number(json_member(line, key), most, out);
}

static bool read_small(const char *line, const char *key, uint32_t most, uint32_t *out)
{
	uint64_t number = 0;
	const bool fine = read_number(line, key, most, &number);

	*out = (uint32_t)number;
	return fine;
}

static bool read_heading(const char *line, struct media_heading *out)
{
	char format[64];
	uint64_t version;

	if (!read_number(line, "geyser_frames", VERSION, &version) || version != VERSION ||
		!json_read_text(json_member(line, "format"), format, sizeof(format)))
		return false;
	out->format = geyser_format_from_name(format);
	return out->format && json_read_text(json_member(line, "id"), out->id, sizeof(out->id)) &&
	       json_read_text(json_member(line, "stream"), out->stream, sizeof(out->stream)) &&
	       read_small(line, "width", GEYSER_MAX_DIMENSION, &out->width) && out->width &&
	       read_small(line, "height", GEYSER_MAX_DIMENSION, &out->height) && out->height &&
	       read_small(line, "rate_num", UINT32_MAX, &out->rate_num) &&
	       read_small(line, "rate_den", UINT32_MAX, &out->rate_den);
}

bool media_sidecar_open(struct media_sidecar *out, const char *film, struct media_heading *heading)
{
	*out = (struct media_sidecar){.file = NULL};
	if (!media_sidecar_name(out->path, film))
		return false;
	out->file = fopen(out->path, "re");
	out->line = malloc(MEDIA_LINE_MAX);
	if (out->file && !out->line) {
		media_sidecar_close(out);
		return !failure("%s: no memory for a line (%u bytes): expected a machine with more",
			out->path, MEDIA_LINE_MAX);
	}
	if (!out->file) {
		(void)failure("%s: can't be read (%s): expected the file that geyser record "
			      "--lossless wrote beside %s; geyser play publishes other films",
			out->path, strerror(errno), film);
		media_sidecar_close(out);
		return false;
	}
	if (next_line(out) == NEXT_LINE && json_is_object(out->line) &&
		read_heading(out->line, heading))
		return true;
	(void)failure("%s:1: wrong line: expected the description of a recording (version %u)",
		out->path, VERSION);
	media_sidecar_close(out);
	return false;
}

static bool read_rects(
	const char *line, const char *key, struct geyser_rect *out, size_t most, uint32_t *count)
{
	uint64_t numbers[4 * GEYSER_FRAME_DAMAGE_MAX];
	size_t length;

	if (!json_read_numbers(json_member(line, key), UINT32_MAX, numbers, 4 * most, &length) ||
		length % 4)
		return false;
	*count = (uint32_t)(length / 4);
	for (size_t i = 0; i < *count; i++)
		out[i] =
			(struct geyser_rect){(uint32_t)numbers[4 * i], (uint32_t)numbers[4 * i + 1],
				(uint32_t)numbers[4 * i + 2], (uint32_t)numbers[4 * i + 3]};
	return true;
}

static bool read_color(const char *line, struct geyser_color *out)
{
	uint64_t numbers[4];
	size_t length;

	if (!json_read_numbers(json_member(line, "color"), UINT8_MAX, numbers, 4, &length) ||
		length != 4 || numbers[3] > GEYSER_COLOR_RANGE_LIMITED)
		return false;
	*out = (struct geyser_color){
		.primaries = (uint8_t)numbers[0],
		.transfer = (uint8_t)numbers[1],
		.matrix = (uint8_t)numbers[2],
		.range = (enum geyser_color_range)numbers[3],
	};
	return true;
}

static bool read_luminance(const char *line, struct geyser_color *out)
{
	float luminance[4];

	if (!json_read_floats(json_member(line, "luminance"), luminance, 4))
		return false;
	out->mastering_min_luminance = luminance[0];
	out->mastering_max_luminance = luminance[1];
	out->max_content_light_level = luminance[2];
	out->max_frame_average_light_level = luminance[3];
	return true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_user(const char *line, struct geyser_frame_info *out)
{
	char text[2 * GEYSER_FRAME_USER_MAX + 1];
	size_t length;

	if (!json_read_text(json_member(line, "user"), text, sizeof(text)))
		return false;
	length = strlen(text);
	if (length % 2 || strspn(text, "0123456789abcdef") != length)
		return false;
	out->user_size = (uint32_t)(length / 2);
	for (uint32_t i = 0; i < out->user_size; i++)
		out->user[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	return true;
}

/* Returns the key of the member that is missing or wrong, or NULL. */
static const char *read_frame(const char *line, struct geyser_frame_info *out)
{
	uint32_t crops, orientation, alpha, siting;

	*out = (struct geyser_frame_info){0};
	if (!read_number(line, "sequence", UINT64_MAX, &out->sequence))
		return "sequence";
	if (!read_number(line, "timestamp_ns", INT64_MAX, &out->timestamp_ns))
		return "timestamp_ns";
	if (!read_number(line, "presentation_ns", UINT64_MAX, &out->presentation_ns))
		return "presentation_ns";
	if (!read_rects(line, "crop", &out->crop, 1, &crops) || crops != 1)
		return "crop";
	if (!read_rects(line, "damage", out->damage, GEYSER_FRAME_DAMAGE_MAX, &out->damage_count))
		return "damage";
	if (!read_small(line, "orientation", GEYSER_ORIENTATION_FLIPPED_270, &orientation))
		return "orientation";
	if (!read_small(line, "alpha", GEYSER_ALPHA_OPAQUE, &alpha))
		return "alpha";
	if (!read_color(line, &out->color))
		return "color";
	if (!read_luminance(line, &out->color))
		return "luminance";
	if (!read_small(line, "siting", GEYSER_SITING_BOTTOM, &siting))
		return "siting";
	out->orientation = (enum geyser_orientation)orientation;
	out->alpha = (enum geyser_alpha)alpha;
	out->siting = (enum geyser_siting)siting;
	return read_user(line, out) ? NULL : "user";
}

/* Reads the last line, which counts the frames, and after which nothing follows. */
static enum media_line read_end(struct media_sidecar *sidecar)
{
	uint64_t frames;

	if (!read_number(sidecar->line, "frames", UINT64_MAX, &frames) || frames != sidecar->lines)
		return refuse(sidecar, "frames", "frames");
	if (getc(sidecar->file) != EOF)
		return refuse(sidecar, "another one follows the last one", NULL);
	sidecar->ended = true;
	return MEDIA_LINE_END;
}

static bool is_late(const struct media_sidecar *sidecar, const struct geyser_frame_info *info)
{
	return sidecar->lines && info->timestamp_ns > sidecar->last_ns &&
	       info->timestamp_ns - sidecar->last_ns > STEP_MAX_NS;
}

enum media_line media_sidecar_read(
	struct media_sidecar *sidecar, struct geyser_frame_info *out, uint32_t *check)
{
	const enum next next = next_line(sidecar);
	const char *wrong;

	if (next == NEXT_END)
		return MEDIA_LINE_END;
	if (next == NEXT_WRONG)
		return refuse(sidecar, "it is too long, or has a byte of 0", NULL);
	if (!json_is_object(sidecar->line))
		return refuse(sidecar, "no object", NULL);
	if (json_member(sidecar->line, "frames"))
		return read_end(sidecar);
	if (!read_small(sidecar->line, "crc32", UINT32_MAX, check))
		return refuse(sidecar, "crc32", "crc32");
	wrong = read_frame(sidecar->line, out);
	if (wrong)
		return refuse(sidecar, wrong, wrong);
	if (is_late(sidecar, out))
		return refuse(
			sidecar, "over a year after the line before, timestamp_ns", "timestamp_ns");
	sidecar->lines++;
	sidecar->last_ns = out->timestamp_ns;
	return MEDIA_LINE_FRAME;
}

bool media_sidecar_rewind(struct media_sidecar *sidecar)
{
	rewind(sidecar->file);
	sidecar->lines = 0;
	sidecar->ended = false;
	return next_line(sidecar) == NEXT_LINE ||
	       refuse(sidecar, "no line", NULL) == MEDIA_LINE_END;
}
