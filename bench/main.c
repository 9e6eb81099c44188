/* geyser-bench: options, and what runs. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS 21
#define ROUNDS_QUICK 5
#define SECONDS_MAX 290 /* the most seconds for each benchmark */

static const char help[] =
	"usage: geyser-bench [--quick] [--rounds N] [--json] [NAME...]\n"
	"\n"
	"Measures what geyser costs beside the same work done by hand, in the same run. A missed\n"
	"target is a result, not a failure.\n"
	"\n"
	"  -q, --quick     fewer rounds and samples: seconds instead of minutes\n"
	"  -r, --rounds N  rounds of each benchmark, 1 to 200, by default 21\n"
	"  -j, --json      print JSON\n"
	"  -h, --help      this text\n"
	"\n"
	"names: create import event release signal memory handover spinning cpu fanout\n"
	"renditions convert, and with Vulkan vkcreate vkhandover vkstream vkconvert pcie\n"
	"cudahandover; by default all. GEYSER_VULKAN_DEVICE chooses the device.\n";

static const struct {
	const char *name;
	void (*run)(const struct settings *settings, struct results *results);
} benchmarks[] = {
	{"signal", bench_signal},
	{"create", bench_create},
	{"import", bench_import},
	{"event", bench_event},
	{"release", bench_release},
	{"memory", bench_memory},
	{"handover", bench_handover},
	{"spinning", bench_spinning},
	{"cpu", bench_cpu},
	{"fanout", bench_fanout},
	{"renditions", bench_renditions},
	{"convert", bench_convert},
#ifdef BENCH_VULKAN
	{"vkcreate", bench_vkcreate},
	{"vkhandover", bench_vkhandover},
	{"vkstream", bench_vkstream},
	{"vkconvert", bench_vkconvert},
	{"pcie", bench_pcie},
	{"cudahandover", bench_cudahandover},
#endif
};

#define BENCHMARKS (sizeof(benchmarks) / sizeof(benchmarks[0]))

__attribute__((format(printf, 1, 2))) static _Noreturn void usage(const char *format, ...)
{
	va_list arguments;

	(void)fputs("geyser-bench: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	exit(2);
}

static size_t parse_rounds(const char *text)
{
	char *end;
	unsigned long rounds;

	errno = 0;
	rounds = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end || rounds < 1 || rounds > BENCH_ROUNDS_MAX)
		usage("wrong number of rounds (%s): expected 1 to %d", text, BENCH_ROUNDS_MAX);
	return rounds;
}

static void parse(int count, char **arguments, struct settings *settings, bool *json)
{
	static const struct option options[] = {
		{"quick", no_argument, NULL, 'q'},
		{"rounds", required_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	size_t rounds = 0;
	int option;

	while ((option = getopt_long(count, arguments, "qr:jh", options, NULL)) != -1) {
		if (option == 'q') {
			settings->quick = true;
		} else if (option == 'r') {
			rounds = parse_rounds(optarg);
		} else if (option == 'j') {
			*json = true;
		} else if (option == 'h') {
			(void)fputs(help, stdout);
			exit(0);
		} else {
			exit(2); /* getopt_long has printed the reason */
		}
	}
	settings->rounds = rounds ? rounds : settings->quick ? ROUNDS_QUICK : ROUNDS;
}

static size_t find(const char *name)
{
	for (size_t i = 0; i < BENCHMARKS; i++)
		if (strcmp(benchmarks[i].name, name) == 0)
			return i;
	usage("unknown benchmark (%s): geyser-bench --help lists all", name);
}

int main(int count, char **arguments)
{
	static struct results results;
	struct settings settings = {.quick = false};
	bool chosen[BENCHMARKS] = {false}, json = false;

	parse(count, arguments, &settings, &json);
	for (int i = optind; i < count; i++)
		chosen[find(arguments[i])] = true;
	runtime_directory_make();
	/* sets what AUTO means: benchmarks of Vulkan name that backend, all others use the
	 * host's */
	if (setenv("GEYSER_BACKEND", "host", 1) != 0)
		die("no memory");
	place_self(PLACE_UNPINNED, false);
	for (size_t i = 0; i < BENCHMARKS; i++) {
		if (optind < count && !chosen[i])
			continue;
		(void)alarm(SECONDS_MAX); /* ends a program that hangs */
		benchmarks[i].run(&settings, &results);
	}
	if (json)
		report_json(&results, &settings);
	else
		report_table(&results, &settings);
	return fflush(stdout) == 0 ? 0 : 1;
}
