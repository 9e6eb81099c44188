#include "rival.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECONDS_MAX 60

static void usage(const char *program)
{
	(void)fprintf(stderr, "usage: %s WIDTHxHEIGHT FRAMES WINDOW [VARIANT]\n", program);
	exit(2);
}

void rival_init(struct rival *rival, int count, char **arguments)
{
	*rival = (struct rival){.variant = count > 4 ? arguments[4] : NULL};
	if (count < 4 || count > 5 ||
		sscanf(arguments[1], "%ux%u", &rival->width, &rival->height) != 2)
		usage(arguments[0]);
	rival->frames = (uint32_t)strtoul(arguments[2], NULL, 10);
	rival->window = (uint32_t)strtoul(arguments[3], NULL, 10);
	if (rival->frames == 0 || rival->frames > RIVAL_FRAMES_MAX || rival->window == 0)
		usage(arguments[0]);
	rival->frames += RIVAL_WARM_UP;
	rival->size = (size_t)rival->width * rival->height * 4;
	rival->shared = shared_memory(sizeof(*rival->shared));
	(void)alarm(SECONDS_MAX); /* ends a program that hangs */
}

void rival_wait_turn(struct rival *rival, uint32_t frame)
{
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
