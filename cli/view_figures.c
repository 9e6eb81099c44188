/*
 * The figures of the streams that geyser view shows, and their states in words.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "view_feed.h"

/* A stream without frames for this long is said to be silent. */
#define SILENT_NS NANOSECONDS

void view_feed_shown(struct view_feed *feed)
{
	const uint64_t submitted = geyser_frame_get_info(feed->frame)->timestamp_ns;
	const uint64_t now = now_ns();

	feed->delays[feed->shown++ % VIEW_DELAYS] = now > submitted ? now - submitted : 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

void view_feed_delays(const struct view_feed *feed, uint64_t *median, uint64_t *late)
{
	const uint64_t count = feed->shown < VIEW_DELAYS ? feed->shown : VIEW_DELAYS;
	uint64_t sorted[VIEW_DELAYS];

	*median = *late = 0;
	if (!count)
		return;
	(void)memcpy(sorted, feed->delays, sizeof(sorted));
	qsort(sorted, count, sizeof(sorted[0]), compare);
	*median = sorted[count / 2];
	*late = sorted[(count - 1) * 99 / 100];
}

double view_feed_rate(const struct view_feed *feed)
{
	const uint64_t count = feed->taken < VIEW_RATES ? feed->taken : VIEW_RATES;
	uint64_t first, last;

	if (count < 2)
		return 0;
	last = feed->times[(feed->taken - 1) % VIEW_RATES];
	first = feed->times[(feed->taken - count) % VIEW_RATES];
	return last > first ? (double)(count - 1) * NANOSECONDS / (double)(last - first) : 0;
}

uint64_t view_feed_dropped(struct view_feeds *feeds, const struct view_feed *feed)
{
	struct geyser_subscriber_stats stats = {.dropped = 0};
	struct geyser_subscriber *subscriber;

	(void)pthread_mutex_lock(&feeds->lock);
	subscriber = feed->subscriber;
	(void)pthread_mutex_unlock(&feeds->lock);
	if (subscriber)
		(void)geyser_subscriber_get_stats(subscriber, &stats);
	return stats.dropped;
}

void view_feed_describe(const struct view_feed *feed, char *text, size_t size)
{
	const uint64_t silent = now_ns() - feed->last_ns;

	*text = '\0';
	if (feed->state == VIEW_WAITING)
		(void)snprintf(text, size, "waiting for the stream to begin%s%s",
			*feed->trouble ? ": " : "", feed->trouble);
	else if (feed->state == VIEW_CLOSED)
		(void)snprintf(text, size, "the stream has ended: waiting for the next one");
	else if (feed->state == VIEW_BROKEN)
		(void)snprintf(text, size, "the sender died: waiting for the next one");
	else if (feed->state == VIEW_FAILED)
		(void)snprintf(text, size, "%s", feed->trouble);
	else if (silent >= SILENT_NS)
		(void)snprintf(text, size, "no frame for %" PRIu64 " s", silent / NANOSECONDS);
}

uint64_t view_feed_deadline(const struct view_feed *feed)
{
	if (feed->state != VIEW_LIVE)
		return UINT64_MAX;
	return now_ns() + NANOSECONDS - (now_ns() - feed->last_ns) % NANOSECONDS;
}

void view_feeds_tell(struct view_feeds *feeds)
{
	for (unsigned i = 0; i < feeds->count; i++) {
		const struct view_feed *const feed = &feeds->feed[i];
		uint64_t median, late;

		view_feed_delays(feed, &median, &late);
		tell("geyser: %s: %" PRIu64 " frame%s shown, %" PRIu64
		     " dropped, delay p50 %.1f ms, p99 %.1f ms, %.1f fps\n",
			feed->name, feed->shown, plural(feed->shown),
			view_feed_dropped(feeds, feed), (double)median / 1e6, (double)late / 1e6,
			view_feed_rate(feed));
	}
}
