/* SPDX-License-Identifier: MIT */
#include "stream/naming.h"

#include "base/clock.h"
#include "base/error.h"

/* The longest time for which a publisher tries to get a name, even if the caller's deadline is
 * later. */
#define PATIENCE (10 * GY_SECOND)

/* Asks the name's holder whether it publishes the stream. Errors: EXISTS (it does), TIMEOUT (no
 * answer), or those of a holder that is about to end. */
static enum geyser_result query_holder(const char *name, uint64_t holder, uint64_t deadline)
{
	struct geyser_stream_info info;
	enum geyser_result result = gy_query_stream(NULL, holder, name, deadline, &info);

	if (result != GEYSER_OK)
		return result;
	return gy_fail(GEYSER_ERROR_EXISTS,
		"stream \"%s\" is published by %s (pid %d): choose another name", name,
		info.application, info.pid);
}

/* Whether the holder's answer means that it doesn't publish the stream, or no longer. */
static bool is_free(enum geyser_result answer)
{
	return answer == GEYSER_ERROR_NOT_FOUND || answer == GEYSER_ERROR_STALE ||
	       answer == GEYSER_ERROR_DISCONNECTED || answer == GEYSER_ERROR_PROTOCOL ||
	       answer == GEYSER_ERROR_TIMEOUT;
}

/* Tries once to take the name. BUSY means that another try may succeed: the kernel keeps a killed
 * process's locks a little longer than the process answers. */
static enum geyser_result try_to_take(
	struct gy_exporter *exporter, struct gy_published_stream *stream, uint64_t deadline)
{
	uint64_t holder;
	enum geyser_result result = gy_exporter_publish(exporter, stream, &holder);

	if (result != GEYSER_ERROR_EXISTS || !holder)
		return result;
	result = query_holder(stream->name, holder, deadline);
	return is_free(result) ? GEYSER_ERROR_BUSY : result;
}

enum geyser_result gy_stream_take_name(
	struct gy_exporter *exporter, struct gy_published_stream *stream, uint64_t deadline)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	const uint64_t until = gy_earlier(deadline, gy_deadline(PATIENCE));
	enum geyser_result result = try_to_take(exporter, stream, until);

	while (result == GEYSER_ERROR_BUSY && gy_now() < until) {
		(void)nanosleep(&moment, NULL);
		result = try_to_take(exporter, stream, until);
	}
	if (result != GEYSER_ERROR_BUSY)
		return result;
	return gy_fail(GEYSER_ERROR_EXISTS,
		"stream \"%s\" is published by a process that doesn't answer: end it or choose "
		"another name",
		stream->name);
}
