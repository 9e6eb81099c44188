#include "manners.h"

#include <sys/mman.h>
#include <unistd.h>

#define SIDE 16
#define SLOWLY 60 /* ms before each answer */

const char *const manner_names[MANNERS] = {
	"quick", "silent", "half", "no buffer", "slow", "late", "deaf"};

static bool send_pages(const struct publisher *publisher, int connection, uint32_t sequence)
{
	struct gy_message answer = peer_stream(sequence, BUFFERS);

	if (!peer_send_message(connection, &answer, publisher->ring))
		return false;
	answer.type = GY_WIRE_LEASE;
	if (publisher->manner == HALF)
		return true;
	return peer_send_message(connection, &answer, publisher->lease);
}

static bool send_picture(const struct publisher *publisher, int connection, uint32_t sequence)
{
	const struct gy_message answer = peer_texture(GY_WIRE_PICTURE, sequence, SIDE, SIDE, 4096);

	return peer_send_message(connection, &answer, publisher->picture);
}

/* Sleeps until it is time, the importer hangs up, or the fake is stopped. */
static void delay(const struct fake *fake, int connection)
{
	struct pollfd wanted[] = {
		{.fd = connection, .events = POLLRDHUP},
		{.fd = fake->stop[0], .events = POLLIN},
	};

	(void)poll(wanted, 2, SLOWLY);
}

static void await_buffers(const struct publisher *publisher, int connection)
{
	struct pollfd wanted[] = {
		{.fd = connection, .events = POLLRDHUP},
		{.fd = publisher->fake.stop[0], .events = POLLIN},
	};

	while (!publisher->has_buffers && poll(wanted, 2, 1) == 0)
		;
}

static bool answer(struct publisher *publisher, int connection, const struct gy_message *request)
{
	const int manner = publisher->manner;

	publisher->requests++;
	if (manner == LATE && request->type != GY_WIRE_SUBSCRIBE)
		await_buffers(publisher, connection);
	if (manner == SLOW)
		delay(&publisher->fake, connection);
	if (manner == SILENT || (manner == NO_BUFFER && request->type != GY_WIRE_SUBSCRIBE))
		return true;
	return request->type == GY_WIRE_SUBSCRIBE
		       ? send_pages(publisher, connection, request->sequence)
		       : send_picture(publisher, connection, request->sequence);
}

static void serve(struct fake *fake, int connection)
{
	struct publisher *publisher = (struct publisher *)fake;
	struct pollfd wanted[] = {
		{.fd = connection, .events = POLLIN},
		{.fd = fake->stop[0], .events = POLLIN},
	};
	struct gy_message request;

	while (poll(wanted, 2, -1) > 0 && !wanted[1].revents)
		if (!fake_request(connection, &request) || !answer(publisher, connection, &request))
			return;
}

void start_publisher(struct publisher *publisher, enum manner manner)
{
	*publisher = (struct publisher){
		.manner = (int)manner,
		.ring = test_memory(sizeof(struct gy_ring_page)),
		.lease = test_memory(sizeof(struct gy_lease_memory)),
		.picture = test_memory(4096),
	};
	publisher->page = mmap(NULL, sizeof(*publisher->page), PROT_READ | PROT_WRITE, MAP_SHARED,
		publisher->ring, 0);
	assert_ptr_not_equal(publisher->page, MAP_FAILED);
	fake_start(&publisher->fake, manner == DEAF ? NULL : serve, NULL);
	fake_publish(&publisher->fake, NAME);
}

void stop_publisher(struct publisher *publisher)
{
	fake_stop(&publisher->fake);
	fake_withdraw(NAME);
	assert_int_equal(munmap(publisher->page, sizeof(*publisher->page)), 0);
	(void)close(publisher->ring);
	(void)close(publisher->lease);
	(void)close(publisher->picture);
}

void publish_frame(struct publisher *publisher, uint64_t sequence, uint32_t generation)
{
	struct gy_ring_slot *slot = &publisher->page->slots[0];

	slot->generation = generation;
	atomic_store(&slot->sequence, sequence);
	atomic_store(&publisher->page->newest, sequence << GY_RING_BUFFER_BITS);
}

/* ---- an honest subscriber ---- */

struct geyser_manager *make_manager(uint64_t import_timeout_ns)
{
	const struct geyser_manager_desc desc = {
		.backend = GEYSER_BACKEND_HOST, .import_timeout_ns = import_timeout_ns};
	struct geyser_manager *manager;

	assert_ok(geyser_manager_create(&desc, &manager));
	return manager;
}

enum geyser_result subscribe(
	struct geyser_manager *manager, uint64_t timeout_ns, struct geyser_subscriber **out)
{
	const struct geyser_subscriber_desc desc = {.name = NAME, .connect_timeout_ns = timeout_ns};

	return geyser_subscriber_create(manager, &desc, out);
}
