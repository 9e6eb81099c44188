#include "rival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_MAX 60
#define WINDOW_OF_RATE 3

static void usage(const char *program)
{
	(void)fprintf(stderr, "usage: %s WIDTHxHEIGHT FRAMES WINDOW|RATE/s [VARIANT]\n", program);
	exit(2);
}

static void read_window(struct rival *rival, const char *text)
{
	char *end;

	rival->window = (uint32_t)strtoul(text, &end, 10);
	if (strcmp(end, "/s") != 0)
		return;
	rival->rate = rival->window;
	rival->window = rival->rate ? WINDOW_OF_RATE : 0;
}

void rival_init(struct rival *rival, int count, char **arguments)
{
	*rival = (struct rival){.variant = count > 4 ? arguments[4] : NULL};
	if (count < 4 || count > 5 ||
		sscanf(arguments[1], "%ux%u", &rival->width, &rival->height) != 2)
		usage(arguments[0]);
	rival->frames = (uint32_t)strtoul(arguments[2], NULL, 10);
	read_window(rival, arguments[3]);
	if (rival->frames == 0 || rival->frames > RIVAL_FRAMES_MAX || rival->window == 0)
		usage(arguments[0]);
	rival->frames += RIVAL_WARM_UP;
	rival->size = (size_t)rival->width * rival->height * 4;
	rival->shared = shared_memory(sizeof(*rival->shared));
	(void)alarm(SECONDS_MAX); /* ends a program that hangs */
}

static void sleep_until(uint64_t time)
{
	const struct timespec at = {
		.tv_sec = (time_t)(time / 1000000000), .tv_nsec = (long)(time % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
		; /* a signal came */
}

void rival_wait_turn(struct rival *rival, uint32_t frame)
{
	if (frame == 0)
		rival->begin = now_ns();
	if (rival->rate)
		sleep_until(rival->begin + frame * UINT64_C(1000000000) / rival->rate);
	if (frame >= rival->window)
		hand_wait(&rival->shared->got, frame - rival->window + 1);
	if (frame == RIVAL_WARM_UP)
		rival->start = now_ns();
}

void rival_got(struct rival *rival, const void *data)
{
	const uint64_t time = frame_read_stamp(data, rival->size), now = now_ns();
	const uint32_t frame = atomic_load(&rival->shared->got.value);

	if (frame >= RIVAL_WARM_UP && frame < rival->frames)
		rival->shared->samples[frame - RIVAL_WARM_UP] = now - time;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void rival_report(struct rival *rival, const char *name)
{
	const uint32_t count = rival->frames - RIVAL_WARM_UP;
	uint64_t *samples = rival->shared->samples;
	double seconds;

	hand_wait(&rival->shared->got, rival->frames);
	seconds = (double)(now_ns() - rival->start) / 1e9;
	qsort(samples, count, sizeof(*samples), compare);
	(void)printf("%s %.2f %.2f %.0f\n", name, (double)samples[count / 2] / 1e3,
		(double)samples[(size_t)(count - 1) * 99 / 100] / 1e3, (double)count / seconds);
	(void)fflush(stdout);
}
