/*
 * geyser demo: real pictures and a stream go from process to process, with every claim checked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo.h"
#include "options.h"
#include "outfile.h"

static const struct {
	const char *name;
	demo_step *run;
} steps[] = {
	{"draw", demo_draw},
	{"share", demo_share},
	{"grab", demo_grab},
	{"compare", demo_compare},
	{"order", demo_order},
	{"kill", demo_kill},
	{"stream", demo_stream},
	{"every", demo_every},
	{"slow", demo_slow},
	{"sheet", demo_sheet},
};

/* ---- how it looks --------------------------------------------------------------------------- */

struct look {
	/* the marks of a step that went well and of one that failed */
	const char *good, *bad;
	const char *green, *red, *bold, *plain; /* escape sequences, or "" */
};

static struct look choose_look(void)
{
	struct look look = {"ok    ", "FAILED", "", "", "", ""};
	const char *const no_color = getenv("NO_COLOR"), *const term = getenv("TERM");

	if (!isatty(STDOUT_FILENO))
		return look;
	if (setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0) {
		look.good = "✓";
		look.bad = "✗";
	}
	if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
		return look;
	look.green = "\033[32m";
	look.red = "\033[31m";
	look.bold = "\033[1m";
	look.plain = "\033[0m";
	return look;
}

static void print_step(const struct look *look, const char *name, const char *note, bool done)
{
	(void)fprintf(answers(), "  %s%s%s %s%-8s%s %s\n", done ? look->green : look->red,
		done ? look->good : look->bad, look->plain, look->bold, name, look->plain, note);
	(void)answers_flush();
}

static void print_stream_figures(const struct demo *demo, const struct look *look)
{
	const double seconds = (double)demo->stream_ns / (double)NANOSECONDS;

	(void)fprintf(answers(), "  %-28s %s%8.1f fps%s %u frames, paced at %u\n", "stream",
		look->bold, (DEMO_FRAMES - 1) / seconds, look->plain, DEMO_FRAMES, DEMO_RATE);
	(void)fprintf(answers(), "  %-28s %s%8.1f us%s  median, p99 %.1f us\n",
		"frame to a woken viewer", look->bold, (double)demo->every.latency_p50_ns / 1e3,
		look->plain, (double)demo->every.latency_p99_ns / 1e3);
	(void)fprintf(answers(), "  %-28s %s%8" PRIu64 "%s     %u by the viewer of every frame\n",
		"skipped by the slow viewer", look->bold, demo->slow.dropped, look->plain,
		(unsigned)demo->every.dropped);
	(void)fprintf(answers(), "  %-28s %s%8.2f ms%s  after its death\n",
		"killed viewer's buffer back", look->bold, (double)demo->back_ns / 1e6,
		look->plain);
}

static void print_figures(const struct demo *demo, const struct look *look)
{
	(void)fprintf(answers(), "\n  %-28s %s%8.1f us%s  median of %u\n",
		"import to the first texel", look->bold, (double)demo->import_ns / 1e3, look->plain,
		DEMO_IMPORTS);
	(void)fprintf(answers(), "  %-28s %s%8.1f us%s  half a round trip, median of %u\n",
		"signal to a woken waiter", look->bold, (double)demo->wake_ns / 1e3, look->plain,
		DEMO_ROUNDS);
	(void)fprintf(answers(), "  %-28s %s%8d%s     both processes map the same memory\n",
		"bytes of the picture copied", look->bold, 0, look->plain);
	print_stream_figures(demo, look);
	(void)fprintf(answers(), "\n  a picture of it all: %s\n", demo->sheet);
}

/* ---- directories ---------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

/* Makes the directory for all temporary files. */
static bool make_scratch(struct demo *demo)
{
	const char *parent = getenv("TMPDIR");

	if (!parent || *parent != '/')
		parent = "/tmp";
	(void)snprintf(demo->scratch, sizeof(demo->scratch), "%s/geyser-demo-XXXXXX", parent);
	if (mkdtemp(demo->scratch))
		return true;
	(void)failure("no temporary directory can be made in %s (%s): set TMPDIR to one that you "
		      "may write to",
		parent, strerror(errno));
	demo->scratch[0] = '\0';
	return false;
}

static void remove_scratch(struct demo *demo)
{
	if (demo->scratch[0] && nftw(demo->scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS) < 0)
		(void)failure("%s can't be removed (%s)", demo->scratch, strerror(errno));
}

/* Sets the files' paths. The files are temporary if keep is NULL. */
static bool choose_files(struct demo *demo, const char *keep)
{
	char directory[PATH_MAX];

	if (keep && mkdir(keep, 0777) < 0 && errno != EEXIST) {
		(void)failure("%s can't be made (%s): expected a directory to keep files in", keep,
			strerror(errno));
		return false;
	}
	if (!realpath(keep ? keep : demo->scratch, directory)) {
		(void)failure("%s can't be used (%s): expected a directory",
			keep ? keep : demo->scratch, strerror(errno));
		return false;
	}
	(void)snprintf(demo->source, sizeof(demo->source), "%s/source.png", directory);
	(void)snprintf(demo->png, sizeof(demo->png), "%s/grabbed.png", directory);
	(void)snprintf(demo->raw, sizeof(demo->raw), "%s/grabbed.raw", directory);
	return true;
}

/* In a directory that others can write to, a name may be a link of theirs. So only a plain file of
 * this user is replaced. */
static bool is_safe(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT;
	return S_ISREG(status.st_mode) && status.st_uid == geteuid();
}

/* Sets and checks the sheet's path. NULL is the default path, which differs from user to user: they
 * may share /tmp. */
static bool choose_sheet(struct demo *demo, const char *path)
{
	const char *parent = getenv("TMPDIR");

	if (!parent || *parent != '/')
		parent = "/tmp";
	if (path)
		(void)snprintf(demo->sheet, sizeof(demo->sheet), "%s", path);
	else
		(void)snprintf(demo->sheet, sizeof(demo->sheet), "%s/geyser-demo-%u.png", parent,
			(unsigned)geteuid());
	if (path || is_safe(demo->sheet))
		return outfile_check(demo->sheet);
	(void)failure("%s can't be replaced (not a file of yours): name another with --sheet, or "
		      "set TMPDIR to a directory of yours",
		demo->sheet);
	return false;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int run_steps(struct demo *demo)
{
	const struct look look = choose_look();

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const bool done = steps[i].run(demo);

		print_step(&look, steps[i].name, done ? demo->note : "", done);
		if (!done)
			return STATUS_FAILURE;
	}
	print_figures(demo, &look);
	return finish_output();
}

static int run_demo(struct demo *demo)
{
	int status;

	(void)fprintf(answers(),
		"geyser %s: pictures and a stream go through processes without a copy\n\n",
		geyser_version());
	if (geyser_manager_create(
		    &(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST}, &demo->manager))
		return library_failure("demo");
	status = run_steps(demo);
	if (demo->mapping.data)
		geyser_texture_unmap(demo->texture);
	geyser_texture_unref(demo->texture);
	geyser_manager_destroy(demo->manager);
	return status;
}

static int set_up_and_run(struct demo *demo, const char *keep, const char *sheet)
{
	int status = STATUS_FAILURE;

	demo->signals = signals_open();
	if (demo->signals < 0)
		return STATUS_FAILURE;
	if (choose_sheet(demo, sheet) && make_scratch(demo) && choose_files(demo, keep))
		status = run_demo(demo);
	remove_scratch(demo);
	signals_close();
	return status;
}

struct demo_options {
	struct size size;
	const char *keep, *sheet; /* NULL: the user gave none */
};

static const struct option_row rows[] = {
	{'s', "size", "WxH", "the picture's size, by default 1920x1080",
		SIZE(struct demo_options, size)},
	{'k', "keep", "DIR",
		"keep the picture and what was grabbed in this directory, which is made if needed: "
		"source.png, grabbed.png, grabbed.raw",
		TEXT(struct demo_options, keep)},
	{'o', "sheet", "FILE",
		"where to put a PNG that shows what happened to the\nstream; by default "
		"geyser-demo-UID.png in TMPDIR or /tmp, with this user's number",
		TEXT(struct demo_options, sheet)},
};

const struct syntax demo_syntax = {
	.usage = "usage: geyser demo [--size WxH] [--keep DIR] [--sheet FILE]\n"
		 "\n"
		 "Lets ffmpeg draw a picture, shares it, has a second process that knows only its\n"
		 "id write it to files, compares all of them byte for byte, orders both processes\n"
		 "by an event, and kills a third one. Then ffmpeg's video goes as a stream to\n"
		 "three processes: one that gets every frame, which must be what ffmpeg says it\n"
		 "drew, a slow one, and one that is killed half-way. Prints how long things took.\n"
		 "Needs ffmpeg, but no GPU.\n"
		 "\n",
	.notes = "\n"
		 "Colours are for terminals only, and not where NO_COLOR is set.\n"
		 "\n"
		 "examples:\n"
		 "  geyser demo\n"
		 "  geyser demo --size 640x480 --keep /tmp/pictures --sheet /tmp/sheet.png\n"
		 "\n"
		 "exit status: 0 every check passed, 1 one failed (stderr says which), 2 wrong\n"
		 "usage\n",
	.column = 20,
	.see = "share grab send recv",
	.words = 0,
	OPTIONS(rows),
};

int demo_command(int argc, char **argv)
{
	struct demo_options options = {.size = {1920, 1080}};
	static struct demo demo;
	int status;

	if (argc > 1 && strcmp(argv[1], "--peer") == 0)
		return demo_peer(argc - 1, argv + 1);
	if (!read_options(&demo_syntax, argc, argv, &options, &status))
		return status;
	demo.width = options.size.width;
	demo.height = options.size.height;
	return set_up_and_run(&demo, options.keep, options.sheet);
}
