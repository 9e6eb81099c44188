/* Prints the results as text or JSON. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static struct result *add(struct results *results, const char *name)
{
	struct result *result = &results->list[results->count];

	if (results->count == BENCH_RESULTS_MAX)
		die("more than %d results", BENCH_RESULTS_MAX);
	results->count++;
	*result = (struct result){.placement = PLACE_NONE};
	(void)snprintf(result->name, sizeof(result->name), "%s", name);
	return result;
}

void results_add_times(struct results *results, const char *name, enum placement placement,
	const struct series *series, enum limit limit, double target)
{
	struct result *result = add(results, name);

	result->placement = placement;
	result->unit = UNIT_NANOSECONDS;
	result->has_floor = true;
	result->summary = series_summarize(series);
	result->limit = limit;
	result->target = target;
}

void results_add_number(
	struct results *results, const char *name, enum unit unit, double ours, double target)
{
	struct result *result = add(results, name);

	result->unit = unit;
	result->summary.ours = ours;
	/* a value below 0: it couldn't be measured */
	result->limit = ours < 0 ? LIMIT_NONE : LIMIT_OURS;
	result->target = target;
}

void results_add_pair(
	struct results *results, const char *name, enum unit unit, double ours, double floor)
{
	struct result *result = add(results, name);
	const double ratio = floor > 0 ? ours / floor : 0;

	result->unit = unit;
	result->has_floor = true;
	result->summary = (struct summary){ours, floor, ratio, ratio, ratio};
}

void results_add_text(struct results *results, const char *name, const char *text)
{
	struct result *result = add(results, name);

	(void)snprintf(result->text, sizeof(result->text), "%s", text);
}

void results_add_missing(struct results *results, const char *name, const char *why)
{
	struct result *result = add(results, name);

	(void)snprintf(result->text, sizeof(result->text), "not measured: %s", why);
}

static bool met(const struct result *result)
{
	return (result->limit == LIMIT_RATIO ? result->summary.ratio : result->summary.ours) <=
	       result->target;
}

/* ---- as a table ------------------------------------------------------------------------------ */

static const char *amount(const struct result *result, double value, char *text, size_t size)
{
	if (result->unit == UNIT_BYTES)
		(void)snprintf(text, size, "%.0f B", value);
	else if (result->unit == UNIT_SYSTEM_CALLS)
		(void)snprintf(text, size, "%s", value < 0 ? "?" : value > 0 ? "some" : "none");
	else if (value < 1000)
		(void)snprintf(text, size, "%.1f ns", value);
	else
		(void)snprintf(text, size, "%.2f us", value / 1000);
	return text;
}

static void print_target(const struct result *result)
{
	char text[32];

	if (result->limit == LIMIT_NONE)
		return;
	if (result->limit == LIMIT_RATIO)
		(void)snprintf(text, sizeof(text), "%.2f", result->target);
	else
		(void)amount(result, result->target, text, sizeof(text));
	(void)printf("  %-10s %s", text, met(result) ? "met" : "MISSED");
}

static void print_row(const struct result *result)
{
	const struct summary *summary = &result->summary;
	char ours[32], floor[32] = "", ratio[16] = "", range[32] = "";

	if (*result->text) {
		(void)printf("%-34s %s\n", result->name, result->text);
		return;
	}
	(void)amount(result, summary->ours, ours, sizeof(ours));
	if (result->has_floor) {
		(void)amount(result, summary->floor, floor, sizeof(floor));
		(void)snprintf(ratio, sizeof(ratio), "%.3f", summary->ratio);
		(void)snprintf(range, sizeof(range), "%.2f-%.2f", summary->low, summary->high);
	}
	(void)printf("%-34s %-9s %11s %11s %6s %11s", result->name, place_name(result->placement),
		ours, floor, ratio, range);
	print_target(result);
	(void)putchar('\n');
}

void report_table(const struct results *results, const struct settings *settings)
{
	(void)printf("geyser %s beside the same work by hand: medians of %zu rounds, taken in "
		     "turns\n\n",
		geyser_version(), settings->rounds);
	(void)printf("%-34s %-9s %11s %11s %6s %11s  %s\n", "", "placement", "geyser", "by hand",
		"ratio", "lowest-high", "at most");
	for (size_t i = 0; i < results->count; i++)
		print_row(&results->list[i]);
}

/* ---- as JSON --------------------------------------------------------------------------------- */

/* The names have no characters that JSON would have to escape. */
static void print_json(const struct result *result)
{
	static const char *const units[] = {"ns", "bytes", "system calls"};
	const struct summary *summary = &result->summary;

	if (*result->text) {
		(void)printf("{\"name\": \"%s\", \"text\": \"%s\"}", result->name, result->text);
		return;
	}
	(void)printf("{\"name\": \"%s\", \"placement\": \"%s\", \"unit\": \"%s\", "
		     "\"geyser\": %.3f",
		result->name, place_name(result->placement), units[result->unit], summary->ours);
	if (result->has_floor)
		(void)printf(", \"by_hand\": %.3f, \"ratio\": %.4f, \"ratio_lowest\": %.4f, "
			     "\"ratio_highest\": %.4f",
			summary->floor, summary->ratio, summary->low, summary->high);
	if (result->limit != LIMIT_NONE)
		(void)printf(", \"target_of\": \"%s\", \"target\": %.3f, \"met\": %s",
			result->limit == LIMIT_RATIO ? "ratio" : "geyser", result->target,
			met(result) ? "true" : "false");
	(void)putchar('}');
}

void report_json(const struct results *results, const struct settings *settings)
{
	(void)printf("{\"version\": \"%s\", \"rounds\": %zu, \"results\": [\n", geyser_version(),
		settings->rounds);
	for (size_t i = 0; i < results->count; i++) {
		(void)printf("  ");
		print_json(&results->list[i]);
		(void)printf("%s\n", i + 1 < results->count ? "," : "");
	}
	(void)printf("]}\n");
}
