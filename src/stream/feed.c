/* SPDX-License-Identifier: MIT */
#include "stream/feed.h"

int gy_feed_place(struct geyser_subscriber *feed)
{
	int place = -1;

	(void)pthread_mutex_lock(&feed->lock);
	if (feed->connection)
		place = (int)feed->connection->view.place;
	(void)pthread_mutex_unlock(&feed->lock);
	return place;
}

bool gy_feed_is_connected(struct geyser_subscriber *feed)
{
	return gy_feed_place(feed) >= 0;
}
