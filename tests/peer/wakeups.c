#include "wakeups.h"

#ifdef __linux__

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PERIODS 6
#define PERIOD_NS 500000000L
#define SETTLED 17 /* seconds: after the looks at 8 and 16 seconds, before the one at 32 */

/* Reads the line of /proc/PID/task/TID/status that begins with key. */
static bool read_status(pid_t pid, const char *tid, const char *key, char value[64])
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%.16s/status", (int)pid, tid);
	file = fopen(path, "re");
	if (!file)
		return false; /* the thread has ended */
	while (!found && fgets(line, sizeof(line), file)) {
		found = strncmp(line, key, strlen(key)) == 0;
		if (found)
			(void)sscanf(line + strlen(key), " %63s", value);
	}
	(void)fclose(file);
	return found;
}

static bool counts(pid_t pid, const char *tid)
{
	char name[64];

	if (pid != getpid() && atoi(tid) == (int)pid)
		return true;
	return read_status(pid, tid, "Name:", name) && strncmp(name, "geyser-", 7) == 0 &&
	       strcmp(name, "geyser-ipc") != 0;
}

/* Returns how often the threads that count have gone to sleep. */
static unsigned long long sleeps(pid_t pid)
{
	unsigned long long sum = 0;
	const struct dirent *entry;
	char path[64], value[64];
	DIR *tasks;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		return 0;
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.' && counts(pid, entry->d_name) &&
			read_status(pid, entry->d_name, "voluntary_ctxt_switches:", value))
			sum += strtoull(value, NULL, 10);
	(void)closedir(tasks);
	return sum;
}

static unsigned long long all_sleeps(const pid_t *pids, size_t count)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += sleeps(pids[i]);
	return sum;
}

static void sleep_for(struct timespec rest)
{
	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		;
}

static bool sleep_through(const pid_t *pids, size_t count, struct timespec period)
{
	const unsigned long long before = all_sleeps(pids, count);
	unsigned long long after;

	sleep_for(period);
	after = all_sleeps(pids, count);
	if (after != before)
		(void)fprintf(stderr, "# %lld wake-ups\n", (long long)(after - before));
	return after == before;
}

bool test_stay_asleep(const pid_t *pids, size_t count)
{
	const char *seconds = getenv("GEYSER_TEST_IDLE");

	if (seconds) {
		sleep_for((struct timespec){.tv_sec = SETTLED});
		return sleep_through(pids, count, (struct timespec){.tv_sec = atoi(seconds)});
	}
	for (int i = 0; i < PERIODS; i++)
		if (sleep_through(pids, count, (struct timespec){.tv_nsec = PERIOD_NS}))
			return true;
	return false;
}

void test_count_me(void)
{
	(void)prctl(PR_SET_NAME, "geyser-test");
}

#endif
