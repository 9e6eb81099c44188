/* SPDX-License-Identifier: MIT */
/* Counts live objects. A process that exits with live objects fails. */
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KINDS 64
#define FAULTS 16
#define AT_EXIT_MS 3000 /* the time that workers have to release their last objects */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
	const char *kind;
	long count;
} kinds[KINDS];
static long live;
static bool forked;

static struct {
	char call[40];
	unsigned nth; /* 0: every call fails */
} faults[FAULTS];
static bool faults_read;

void double_die(const char *format, ...)
{
	va_list arguments;

	(void)fputs("double: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	abort();
}

void *double_allocate(size_t bytes)
{
	void *memory = calloc(1, bytes);

	if (!memory)
		double_die("out of memory (%zu bytes)", bytes);
	return memory;
}

bool double_setting(const char *variable)
{
	const char *value = getenv(variable);

	return value && strcmp(value, "1") == 0;
}

void double_count(const char *kind, long change)
{
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < KINDS && kinds[i].kind && strcmp(kinds[i].kind, kind) != 0; i++)
		;
	if (i == KINDS)
		double_die("more than %d kinds of objects", KINDS);
	kinds[i].kind = kind;
	kinds[i].count += change;
	live += change;
	if (live < 0 && !forked)
		double_die("more objects gone than made, at last a %s", kind);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

unsigned long apple_double_live(void)
{
	unsigned long result;

	pthread_mutex_lock(&lock);
	result = (unsigned long)live;
	pthread_mutex_unlock(&lock);
	return result;
}

bool apple_double_settle(unsigned long wanted, unsigned milliseconds)
{
	struct timespec end;
	bool result;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += milliseconds / 1000;
	end.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	pthread_mutex_lock(&lock);
	while (live != (long)wanted) {
		if (pthread_cond_timedwait(&changed, &lock, &end) == ETIMEDOUT)
			break;
	}
	result = live == (long)wanted;
	pthread_mutex_unlock(&lock);
	return result;
}

static void set_fault(const char *call, unsigned nth)
{
	size_t i;

	for (i = 0; i < FAULTS && faults[i].call[0] && strcmp(faults[i].call, call) != 0; i++)
		;
	if (i == FAULTS)
		double_die("more than %d calls are to fail", FAULTS);
	(void)snprintf(faults[i].call, sizeof(faults[i].call), "%s", call);
	faults[i].nth = nth;
}

static void read_faults(void)
{
	const char *value = getenv("GEYSER_DOUBLE_FAIL");
	char *copy, *item, *rest = NULL;

	faults_read = true;
	if (!value)
		return;
	copy = strdup(value);
	for (item = copy ? strtok_r(copy, ",", &rest) : NULL; item;
		item = strtok_r(NULL, ",", &rest)) {
		char *number = strchr(item, ':');

		if (number)
			*number++ = '\0';
		set_fault(item, number ? (unsigned)strtoul(number, NULL, 10) : 0);
	}
	free(copy);
}

void apple_double_fail(const char *call, unsigned nth)
{
	pthread_mutex_lock(&lock);
	if (call)
		set_fault(call, nth);
	else
		memset(faults, 0, sizeof(faults));
	faults_read = true;
	pthread_mutex_unlock(&lock);
}

bool double_fails(const char *call)
{
	bool result = false;

	pthread_mutex_lock(&lock);
	if (!faults_read)
		read_faults();
	for (size_t i = 0; i < FAULTS; i++) {
		if (!faults[i].call[0] || strcmp(faults[i].call, call) != 0)
			continue;
		result = faults[i].nth <= 1;
		if (faults[i].nth == 1)
			(void)snprintf(faults[i].call, sizeof(faults[i].call), "done");
		else if (faults[i].nth)
			faults[i].nth--;
	}
	pthread_mutex_unlock(&lock);
	return result;
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* A forked child isn't checked at its exit, since the parent made the objects. */
static void in_child(void)
{
	forked = true;
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void start(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}

/* This is a destructor, so that it runs after all functions of atexit. */
__attribute__((destructor)) static void finish(void)
{
	if (forked || double_setting("GEYSER_DOUBLE_LEAKS") || apple_double_settle(0, AT_EXIT_MS))
		return;
	(void)fprintf(stderr, "double: %lu objects live:", apple_double_live());
	for (size_t i = 0; i < KINDS && kinds[i].kind; i++) {
		if (kinds[i].count)
			(void)fprintf(stderr, " %s x %ld", kinds[i].kind, kinds[i].count);
	}
	(void)fputc('\n', stderr);
	(void)fflush(NULL);
	_exit(APPLE_DOUBLE_LEAK_STATUS);
}
