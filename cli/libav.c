/*
 * Opens libav, FFmpeg's libraries.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "libav.h"

#ifdef __APPLE__
#define NAME(library, major) "lib" library "." major ".dylib"
#else
#define NAME(library, major) "lib" library ".so." major
#endif
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

struct libav libav;

enum library { avutil, avcodec, avformat };

static const struct {
	const char *name; /* of the file */
} libraries[] = {
	{NAME("avutil", TEXT(LIBAVUTIL_VERSION_MAJOR))},
	{NAME("avcodec", TEXT(LIBAVCODEC_VERSION_MAJOR))},
	{NAME("avformat", TEXT(LIBAVFORMAT_VERSION_MAJOR))},
};

static const struct {
	enum library library;
	const char *name;
	size_t offset; /* of the pointer in struct libav */
} functions[] = {
#define LIBAV(library, function) {library, #function, offsetof(struct libav, function)},
#include "libav.def"
#undef LIBAV
};

/* Opens a library where the loader looks, or where it was at build time: Homebrew's folder is none
 * of the loader's. */
static void *open_library(const char *name)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	char path[PATH_MAX];

	if (library)
		return library;
	(void)snprintf(path, sizeof(path), "%s/%s", GEYSER_LIBAV_FOLDER, name);
	return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static bool look_up(void *const *handles)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *const symbol = dlsym(handles[functions[i].library], functions[i].name);

		if (!symbol)
			return false;
		(void)memcpy(
			(unsigned char *)&libav + functions[i].offset, &symbol, sizeof(symbol));
	}
	return true;
}

bool libav_open(const char *command)
{
	void *handles[sizeof(libraries) / sizeof(libraries[0])];
	const char *error;

	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		handles[i] = open_library(libraries[i].name);
		if (!handles[i])
			break;
		if (i == avformat && look_up(handles)) {
			/* this program says itself what is wrong */
			libav.av_log_set_level(AV_LOG_QUIET);
			return true;
		}
	}
	error = dlerror();
	(void)failure("%s: libav can't be opened (%.200s): install FFmpeg's libavformat.%u, with "
		      "which geyser was built",
		command, error ? error : "a function is missing", LIBAVFORMAT_VERSION_MAJOR);
	return false;
}
