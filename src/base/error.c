/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "base/system.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char detail[sizeof(((struct gy_kept_detail *)NULL)->text)];

#define RESULTS(X)                       \
	X(GEYSER_OK)                     \
	X(GEYSER_ERROR_INVALID_ARGUMENT) \
	X(GEYSER_ERROR_UNSUPPORTED)      \
	X(GEYSER_ERROR_OUT_OF_MEMORY)    \
	X(GEYSER_ERROR_NOT_FOUND)        \
	X(GEYSER_ERROR_STALE)            \
	X(GEYSER_ERROR_EXISTS)           \
	X(GEYSER_ERROR_PERMISSION)       \
	X(GEYSER_ERROR_UNSEALED)         \
	X(GEYSER_ERROR_MISMATCH)         \
	X(GEYSER_ERROR_TIMEOUT)          \
	X(GEYSER_ERROR_DISCONNECTED)     \
	X(GEYSER_ERROR_BUSY)             \
	X(GEYSER_ERROR_LIMIT)            \
	X(GEYSER_ERROR_PROTOCOL)         \
	X(GEYSER_ERROR_DEVICE_LOST)      \
	X(GEYSER_ERROR_NO_RUNTIME_DIR)   \
	X(GEYSER_ERROR_SYSTEM)

const char *geyser_result_string(enum geyser_result result)
{
	switch (result) {
#define X(name)    \
	case name: \
		return #name;
		RESULTS(X)
#undef X
	}
	return "GEYSER_ERROR_UNKNOWN";
}

const char *geyser_error_detail(void)
{
	return detail;
}

void gy_detail_keep(struct gy_kept_detail *out)
{
	memcpy(out->text, detail, sizeof(detail));
}

void gy_detail_restore(const struct gy_kept_detail *kept)
{
	memcpy(detail, kept->text, sizeof(detail));
}

enum geyser_result(gy_fail)(enum geyser_result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	return result;
}

static enum geyser_result errno_result(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
		return GEYSER_ERROR_LIMIT;
	case ENOMEM:
	case ENOSPC:
	case EDQUOT:
		return GEYSER_ERROR_OUT_OF_MEMORY;
	case EACCES:
	case EPERM:
		return GEYSER_ERROR_PERMISSION;
	default:
		return GEYSER_ERROR_SYSTEM;
	}
}

enum geyser_result(gy_fail_errno)(const char *format, ...)
{
	char text[GY_ERROR_TEXT_SIZE];
	int error = errno;
	size_t used;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	used = strlen(detail);
	(void)snprintf(detail + used, sizeof(detail) - used, ": %s", gy_error_text(error, text));
	return errno_result(error);
}
