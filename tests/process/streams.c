/*
 * Streams between real processes: what is left when one of them is killed or stopped. The number of
 * random kills is GEYSER_TEST_KILLS, of each side; their seed is GEYSER_TEST_SEED.
 */
#include "harness.h"

#include <geyser/stream.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AT_ONCE (SANITIZED ? 10 * SECOND : SECOND)

/* ---- on this side; frames have their sequence as their pattern ---- */

static struct geyser_publisher *publish(struct geyser_manager *manager, const char *name,
	uint32_t buffers, enum geyser_pacing pacing)
{
	const struct geyser_stream_desc desc = {
		.name = name,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 48},
		.buffers = buffers,
		.pacing = pacing,
	};
	struct geyser_publisher *publisher;

	ok(geyser_publisher_create(manager, &desc, &publisher));
	return publisher;
}

static struct geyser_subscriber *subscribe(
	struct geyser_manager *manager, const char *name, enum geyser_delivery delivery)
{
	const struct geyser_subscriber_desc desc = {
		.name = name, .delivery = delivery, .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;

	ok(geyser_subscriber_create(manager, &desc, &subscriber));
	return subscriber;
}

static struct geyser_publisher_stats stats_of(struct geyser_publisher *publisher)
{
	struct geyser_publisher_stats stats;

	ok(geyser_publisher_get_stats(publisher, &stats));
	return stats;
}

static void submit(struct geyser_publisher *publisher, uint64_t timeout_ns)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(publisher, timeout_ns, &frame));
	assert_true(fill_texture(
		geyser_frame_texture(frame), (uint32_t)stats_of(publisher).frames + 1));
	ok(geyser_publisher_submit(publisher, frame));
}

static bool is_intact(struct geyser_frame *frame)
{
	return texture_holds(
		geyser_frame_texture(frame), (uint32_t)geyser_frame_get_info(frame)->sequence);
}

static struct geyser_frame *take(struct geyser_subscriber *subscriber, uint64_t sequence)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_int_equal(geyser_frame_get_info(frame)->sequence, sequence);
	assert_true(is_intact(frame));
	return frame;
}

static void subscribers_become(struct geyser_publisher *publisher, uint32_t count)
{
	uint64_t changes;
	int fd;

	ok(geyser_publisher_subscribers_fd(publisher, &fd));
	while (stats_of(publisher).subscribers != count) {
		assert_true(readable(fd, PATIENCE));
		assert_int_equal(read(fd, &changes, sizeof(changes)), sizeof(changes));
	}
	(void)close(fd);
}

/* ---- a stream of one frame ---- */

/* A counted subscriber can receive, and flush waits until it has. */
static void one_frame_arrives(void **state)
{
	static const char *const deliveries[] = {"single 0", "single 1"};

	for (unsigned i = 0; i < processes(20); i++) {
		struct geyser_publisher *publisher;
		struct peer subscriber;

		start_saying(&subscriber, "first", deliveries[i % 2], "starting");
		publisher = publish(manager_of(state), "single", 3, GEYSER_PACING_FREE);
		subscribers_become(publisher, 1);
		submit(publisher, PATIENCE);
		ok(geyser_publisher_flush(publisher, PATIENCE));
		geyser_publisher_destroy(publisher);
		expect_line(&subscriber, "ok");
		end_peer(&subscriber);
	}
}

/* ---- publishers that are killed ---- */

struct waiting {
	struct geyser_subscriber *subscriber;
	_Atomic uint64_t ended;
};

static void *wait_for_the_end(void *data)
{
	struct waiting *waiting = data;
	struct geyser_frame *frame;

	check(geyser_subscriber_acquire(waiting->subscriber, UINT64_MAX, &frame) ==
		GEYSER_ERROR_DISCONNECTED);
	atomic_store(&waiting->ended, now_ns());
	return NULL;
}

/* spin_ns: the subscriber's threads spin for this time before they sleep. */
static void tell_of_a_death(void **state, uint64_t spin_ns)
{
	struct peer publisher, waiter;
	struct waiting waiting;
	struct geyser_frame *frame;
	pthread_t thread;
	uint64_t killed;

	start_saying(&publisher, "publish", "dies 3 0", "ok");
	start_saying(&waiter, "subscribe", "dies 0", "ok");
	waiting = (struct waiting){subscribe(manager_of(state), "dies", GEYSER_DELIVER_EVERY), 0};
	ok(geyser_subscriber_set_spin(waiting.subscriber, spin_ns));
	ask(&publisher, "submit 1", "ok");
	frame = take(waiting.subscriber, 1);
	ask(&waiter, "take 0", "ok 1");
	make_wait(&waiter, "wait 18446744073709551615");
	assert_int_equal(pthread_create(&thread, NULL, wait_for_the_end, &waiting), 0);
	kill_peer(&publisher);
	killed = now_ns(); /* it has ended: how long that takes is its driver's affair */
	expect_line(&waiter, "GEYSER_ERROR_DISCONNECTED");
	assert_int_equal(pthread_join(thread, NULL), 0);
	no_failures();
	assert_in_range(now_ns() - killed, 0, AT_ONCE);
	assert_true(is_intact(frame)); /* the last one stays */
	ask(&waiter, "compare", "ok");
	ok(geyser_subscriber_release(waiting.subscriber, frame));
	ask(&waiter, "release", "ok");
	end_peer(&waiter);
	geyser_subscriber_destroy(waiting.subscriber);
}

static void who_waits_is_told_of_a_death(void **state)
{
	tell_of_a_death(state, 0);
}

static void who_spins_is_told_of_a_death(void **state)
{
	tell_of_a_death(state, GEYSER_SPIN_MAX_NS);
}

static void the_dead_ones_frames_still_come(void **state)
{
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frames[3], *frame;
	enum geyser_end end;
	struct peer publisher;

	start_saying(&publisher, "publish", "last 3 1", "ok");
	subscriber = subscribe(manager_of(state), "last", GEYSER_DELIVER_EVERY);
	ask(&publisher, "submit 1", "ok");
	ask(&publisher, "submit 2", "ok");
	ask(&publisher, "submit 3", "ok");
	frames[0] = take(subscriber, 1);
	kill_peer(&publisher);
	frames[1] = take(subscriber, 2);
	ok(geyser_subscriber_release(subscriber, frames[0]));
	frames[2] = take(subscriber, 3);
	refused(GEYSER_ERROR_DISCONNECTED, "died",
		geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	ok(geyser_subscriber_get_end(subscriber, &end));
	assert_int_equal(end, GEYSER_END_BROKEN);
	refused(GEYSER_ERROR_TIMEOUT, "last", geyser_subscriber_acquire(subscriber, 0, &frame));
	assert_true(is_intact(frames[1]) && is_intact(frames[2]));
	geyser_subscriber_destroy(subscriber);
}

static void a_dead_ones_name_is_free_at_once(void **state)
{
	struct geyser_subscriber *subscriber = NULL;
	struct geyser_frame *frame;
	struct peer publisher;

	for (unsigned i = 0; i < 5; i++) {
		start_saying(&publisher, "publish", "name 2 0", "ok");
		ask(&publisher, "submit 1", "ok");
		if (!subscriber)
			subscriber = subscribe(manager_of(state), "name", GEYSER_DELIVER_LATEST);
		frame = take(subscriber, 1); /* of each in turn */
		kill_peer(&publisher);
		assert_true(is_intact(frame));
		ok(geyser_subscriber_release(subscriber, frame));
		refused(GEYSER_ERROR_DISCONNECTED, "name",
			geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	}
	geyser_publisher_destroy(publish(manager_of(state), "name", 2, GEYSER_PACING_FREE));
	geyser_subscriber_destroy(subscriber);
}

static void a_name_taken_by_another_process(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = "theirs",
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 1},
	};
	struct geyser_publisher *publisher;
	struct geyser_stream_info *streams;
	struct peer other;
	char pid[32];
	size_t count;

	start_saying(&other, "publish", "theirs 3 0", "ok");
	(void)snprintf(pid, sizeof(pid), "peer (pid %d)", (int)other.pid);
	refused(GEYSER_ERROR_EXISTS, pid,
		geyser_publisher_create(manager_of(state), &desc, &publisher));
	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 1);
	assert_int_equal(streams[0].pid, other.pid);
	assert_string_equal(streams[0].application, "peer");
	geyser_stream_list_free(streams);
	end_peer(&other);
	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	geyser_publisher_destroy(publisher);
}

static void note_change(enum geyser_stream_change change, const char *name, void *user)
{
	(void)snprintf(user, 64, "%d %s", (int)change, name);
}

static void the_watch_tells_of_a_death(void **state)
{
	struct geyser_stream_watch *watch;
	char change[64] = "";
	struct peer publisher;

	(void)state;
	ok(geyser_stream_watch_create(note_change, change, &watch));
	for (unsigned i = 0; i < 5; i++) {
		start_saying(&publisher, "publish", "watched 2 0", "ok");
		ok(geyser_stream_watch_dispatch(watch, PATIENCE));
		assert_string_equal(change, "1 watched");
		kill_peer(&publisher);
		assert_true(readable(geyser_stream_watch_fd(watch), PATIENCE));
		ok(geyser_stream_watch_dispatch(watch, PATIENCE));
		assert_string_equal(change, "2 watched");
	}
	geyser_stream_watch_destroy(watch);
}

static void a_stopped_publisher_is_listed_by_name(void **state)
{
	struct geyser_stream_info *streams;
	struct peer publisher;
	size_t count;

	(void)state;
	start_saying(&publisher, "publish", "stopped 2 0", "ok");
	stop_peer(&publisher);
	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 1);
	assert_string_equal(streams[0].name, "stopped");
	assert_int_equal(streams[0].pid, 0);
	geyser_stream_list_free(streams);
	assert_int_equal(kill(publisher.pid, SIGCONT), 0);
	end_peer(&publisher);
}

/* ---- subscribers that are killed or stopped ---- */

static void a_killed_subscribers_buffer_comes_back(void **state)
{
	static const char *const delivery[] = {"held 0", "held 1"};

	for (unsigned i = 0; i < 4; i++) {
		enum geyser_pacing pacing = (enum geyser_pacing)(i / 2);
		struct geyser_publisher *publisher = publish(manager_of(state), "held", 2, pacing);
		struct geyser_frame *frame;
		struct peer subscribers[2];

		for (unsigned j = 0; j < 2; j++) {
			submit(publisher, 0);
			start_saying(&subscribers[j], "subscribe", delivery[i % 2], "ok");
			ask(&subscribers[j], "take 0", j ? "ok 2" : "ok 1");
		}
		assert_int_equal(stats_of(publisher).subscribers, 2);
		assert_int_equal(stats_of(publisher).buffers_held, 2);
		refused(GEYSER_ERROR_TIMEOUT, "", geyser_publisher_acquire(publisher, 0, &frame));
		kill_peer(&subscribers[0]);
		submit(publisher, PATIENCE);
		subscribers_become(publisher, 1);
		assert_int_equal(stats_of(publisher).buffers_held, 1);
		ask(&subscribers[1], "compare", "ok");
		kill_peer(&subscribers[1]);
		subscribers_become(publisher, 0);
		for (unsigned j = 0; j < 5; j++)
			submit(publisher, 0);
		geyser_publisher_destroy(publisher);
	}
}

static void a_stopped_subscriber_costs_nothing(void **state)
{
	struct geyser_publisher *publisher =
		publish(manager_of(state), "free", 3, GEYSER_PACING_FREE);
	struct peer every, latest;

	submit(publisher, 0);
	start_saying(&every, "subscribe", "free 1", "ok");
	start_saying(&latest, "subscribe", "free 0", "ok");
	ask(&every, "take 0", "ok 1");
	make_wait(&latest, "wait 0");
	make_wait(&every, "wait 18446744073709551615"); /* stopped while it sleeps */
	stop_peer(&every);
	for (unsigned i = 0; i < 500; i++)
		submit(publisher, 0);
	assert_int_equal(kill(every.pid, SIGCONT), 0);
	expect_line(&every, "ok");
	ask(&every, "compare", "ok");
	kill_peer(&every);
	kill_peer(&latest);
	geyser_publisher_destroy(publisher);
}

static void a_stopped_subscriber_costs_lossless_one_timeout(void **state)
{
	struct geyser_publisher *publisher =
		publish(manager_of(state), "lossless", 3, GEYSER_PACING_LOSSLESS);
	struct geyser_frame *frame;
	struct peer subscriber;

	start_saying(&subscriber, "subscribe", "lossless 1", "ok");
	stop_peer(&subscriber);
	for (unsigned i = 0; i < 3; i++)
		submit(publisher, 0);
	refused(GEYSER_ERROR_TIMEOUT, "peer (pid",
		geyser_publisher_acquire(publisher, 30 * MILLISECOND, &frame));
	for (unsigned i = 0; i < 100; i++)
		submit(publisher, 0);
	assert_int_equal(kill(subscriber.pid, SIGCONT), 0);
	ask(&subscriber, "take 0", "ok 101"); /* 102 and 103 are waited for again */
	ask(&subscriber, "release", "ok");
	submit(publisher, 0);
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_publisher_acquire(publisher, 0, &frame));
	kill_peer(&subscriber);
	submit(publisher, PATIENCE);
	geyser_publisher_destroy(publisher);
}

/* ---- at random moments ---- */

static unsigned kills(void)
{
	const char *text = getenv("GEYSER_TEST_KILLS");

	return text ? (unsigned)strtoul(text, NULL, 10) : SANITIZED ? 12 : 30;
}

static uint64_t seed(void)
{
	const char *text = getenv("GEYSER_TEST_SEED");

	return text ? strtoull(text, NULL, 10) | 1 : UINT64_C(20240229);
}

#define TOLERANCE (UINT64_C(512) << 10) /* bytes */

/* What may not grow. */
struct size {
	unsigned fds;
	uint64_t resident;
};

static struct size size_now(void)
{
	return (struct size){fd_count(), resident_bytes()};
}

static void expect_size(struct size before)
{
	uint64_t end = now_ns() + PATIENCE;

	while (fd_count() > before.fds) /* the connection of the last one that died */
		assert_true(now_ns() < end);
	if (!SANITIZED)
		assert_in_range(resident_bytes(), 0, before.resident + TOLERANCE);
}

/* It says nothing more: this is a moment, from before its first step to well after. */
static void kill_at_random(struct peer *peer, uint64_t *random)
{
	uint64_t moment = next_random(random) % (SANITIZED ? 60 : 8);

	if (readable(peer->out, moment * MILLISECOND)) {
		struct line line = hear(peer);

		fail_msg("peer %d: \"%s\"", (int)peer->pid, line.text);
	}
	kill_peer(peer);
}

struct publishing {
	struct geyser_publisher *publisher;
	atomic_bool stop;
};

static void *publish_on(void *data)
{
	struct publishing *it = data;
	struct geyser_frame *frame;

	for (uint32_t i = 1; !atomic_load(&it->stop); i++) {
		enum geyser_result result =
			geyser_publisher_acquire(it->publisher, PATIENCE, &frame);

		check(result == GEYSER_OK);
		if (result != GEYSER_OK)
			break;
		check(fill_texture(geyser_frame_texture(frame), i));
		check(geyser_publisher_submit(it->publisher, frame) == GEYSER_OK);
	}
	return NULL;
}

static void kill_subscribers(void **state, enum geyser_pacing pacing, unsigned count)
{
	static const char *const roles[] = {"victim 0 5", "victim 1 6"};
	struct publishing publishing = {
		.publisher = publish(manager_of(state), "victim", 3, pacing)};
	uint64_t random = seed();
	struct size before = {0};
	struct peer peers[2];
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, publish_on, &publishing), 0);
	for (unsigned i = 0; i < count; i++) {
		start_saying(&peers[0], "read-on", roles[next_random(&random) % 2], "starting");
		start_saying(&peers[1], "read-on", roles[next_random(&random) % 2], "starting");
		kill_at_random(&peers[0], &random);
		kill_at_random(&peers[1], &random);
		subscribers_become(publishing.publisher, 0);
		if (i == 3)
			before = size_now();
	}
	atomic_store(&publishing.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	no_failures();
	subscribers_become(publishing.publisher, 0);
	assert_int_equal(stats_of(publishing.publisher).buffers_held, 0);
	if (before.fds)
		expect_size(before);
	geyser_publisher_destroy(publishing.publisher);
}

static void subscribers_killed_at_random_moments(void **state)
{
	kill_subscribers(state, GEYSER_PACING_FREE, (kills() + 3) / 4);
	kill_subscribers(state, GEYSER_PACING_LOSSLESS, (kills() + 3) / 4);
}

/* Until a frame of this stream's own comes, whatever is left of those before it. */
static void await_frame_with(struct geyser_subscriber *subscriber, uint8_t mark)
{
	enum geyser_result result = GEYSER_OK;
	uint64_t end = now_ns() + PATIENCE;
	struct geyser_frame *frame;
	bool found = false;

	while (!found && now_ns() < end) {
		result = geyser_subscriber_acquire(subscriber, PATIENCE, &frame);
		if (result == GEYSER_ERROR_DISCONNECTED)
			continue;
		ok(result);
		assert_true(is_intact(frame));
		found = geyser_frame_get_info(frame)->user_size == 1 &&
			geyser_frame_get_info(frame)->user[0] == mark;
		ok(geyser_subscriber_release(subscriber, frame));
	}
	assert_true(found);
}

/* Takes the dead one's name at once, and is found by who waits for it. */
static void replace(
	struct geyser_manager *manager, struct geyser_subscriber **subscribers, uint8_t mark)
{
	struct geyser_publisher *publisher = publish(manager, "mortal", 2, GEYSER_PACING_FREE);
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(publisher, 0, &frame));
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	geyser_frame_get_info(frame)->user_size = 1;
	geyser_frame_get_info(frame)->user[0] = mark;
	ok(geyser_publisher_submit(publisher, frame));
	await_frame_with(subscribers[0], mark);
	await_frame_with(subscribers[1], mark);
	geyser_publisher_destroy(publisher);
}

static void publishers_killed_at_random_moments(void **state)
{
	struct geyser_publisher *first;
	struct geyser_subscriber *subscribers[2];
	uint64_t random = seed();
	struct size before = {0};
	struct peer publisher;
	unsigned count = kills();

	first = publish(manager_of(state), "mortal", 2, GEYSER_PACING_FREE);
	for (unsigned i = 0; i < 2; i++)
		subscribers[i] = subscribe(manager_of(state), "mortal", (enum geyser_delivery)i);
	geyser_publisher_destroy(first);
	for (unsigned i = 0; i < count; i++) {
		start_saying(
			&publisher, "publish-on", i % 2 ? "mortal 2 1" : "mortal 3 0", "starting");
		kill_at_random(&publisher, &random);
		replace(manager_of(state), subscribers, (uint8_t)i);
		if (i == 5)
			before = size_now();
	}
	if (before.fds)
		expect_size(before);
	for (unsigned i = 0; i < 2; i++)
		geyser_subscriber_destroy(subscribers[i]);
}

/* ---- streams without subscribers ---- */

static void held_becomes(struct geyser_manager *manager, uint64_t bytes)
{
	const uint64_t end = now_ns() + PATIENCE;
	struct geyser_memory_info info;

	do {
		ok(geyser_manager_memory(manager, &info));
		assert_true(now_ns() < end);
	} while (info.textures.held != bytes);
}

static void subscribers_come_to_an_idle_stream_and_go(void **state)
{
	struct geyser_publisher *publisher =
		publish(manager_of(state), "idle", 4, GEYSER_PACING_FREE);
	struct geyser_memory_info info;
	struct peer subscriber;

	ok(geyser_manager_memory(manager_of(state), &info));
	ok(geyser_publisher_set_idle_limit(publisher, 0));
	for (uint64_t i = 1; i <= processes(20); i += 2) {
		submit(publisher, PATIENCE);
		held_becomes(manager_of(state), info.textures.held / 4);
		start_saying(&subscriber, "subscribe", i % 4 == 1 ? "idle 0" : "idle 1", "ok");
		ask_for(&subscriber, "ok", "take 0");
		submit(publisher, PATIENCE);
		ask_for(&subscriber, "ok", "take %llu", (unsigned long long)PATIENCE);
		ask(&subscriber, "compare", "ok");
		kill_peer(&subscriber);
		subscribers_become(publisher, 0);
	}
	geyser_publisher_destroy(publisher);
}

/* What the dead have left, the next process to publish sweeps away. */
static int leave_swept(void **state)
{
	struct peer publisher;
	unsigned left;

	geyser_manager_destroy(manager_of(state));
	start_saying(&publisher, "publish", "sweeper 2 0", "ok");
	end_peer(&publisher);
	left = registry_entries();
	if (teardown_registry(state) != 0)
		return -1;
	assert_int_equal(left, 0);
	return 0;
}

#define swept_test(function) cmocka_unit_test_setup_teardown(function, setup_manager, leave_swept)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		swept_test(one_frame_arrives),
		swept_test(who_waits_is_told_of_a_death),
		swept_test(who_spins_is_told_of_a_death),
		swept_test(the_dead_ones_frames_still_come),
		swept_test(a_dead_ones_name_is_free_at_once),
		swept_test(a_name_taken_by_another_process),
		swept_test(the_watch_tells_of_a_death),
		swept_test(a_stopped_publisher_is_listed_by_name),
		swept_test(a_killed_subscribers_buffer_comes_back),
		swept_test(a_stopped_subscriber_costs_nothing),
		swept_test(a_stopped_subscriber_costs_lossless_one_timeout),
		swept_test(subscribers_come_to_an_idle_stream_and_go),
		swept_test(subscribers_killed_at_random_moments),
		swept_test(publishers_killed_at_random_moments),
	};

	return run_suite(argc, argv, "streams", tests, COUNT_OF(tests));
}
