#include "peer.h"
#include "sockets.h"

#include "base/clock.h"
#include "ipc/registry/names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FAKE_ID 0x0badcafeu

static void *serve_all(void *data)
{
	struct fake *fake = data;
	struct pollfd wanted[] = {
		{.fd = fake->listener, .events = POLLIN},
		{.fd = fake->stop[0], .events = POLLIN},
	};

	while (poll(wanted, 2, -1) > 0 && !wanted[1].revents) {
		int connection = accept(fake->listener, NULL, NULL);

		if (connection < 0)
			continue;
		(void)fcntl(connection, F_SETFD, FD_CLOEXEC);
		atomic_fetch_add(&fake->served, 1);
		fake->serve(fake, connection);
		(void)close(connection);
	}
	return NULL;
}

static struct sockaddr_un address_of(uint64_t instance)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%016" PRIx64 ".sock",
		test_runtime_path("geyser"), instance);
	return address;
}

static const char *id_link(void)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "geyser/id-%08x", FAKE_ID);
	return test_runtime_path(name);
}

static const char *stream_link(const char *name)
{
	char file[128];

	(void)snprintf(file, sizeof(file), "geyser/stream-%s", name);
	return test_runtime_path(file);
}

/* Links the path to the fake exporter's socket. Replaces a link that a failed test has left. */
static void link_to(const struct fake *fake, const char *path)
{
	char target[32];

	(void)snprintf(target, sizeof(target), "%016" PRIx64 ".sock", fake->instance);
	(void)unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

void fake_start(
	struct fake *fake, void (*serve)(struct fake *fake, int connection), const void *script)
{
	static uint64_t instances = 0xfa4e000000000000u;
	struct sockaddr_un address;

	*fake = (struct fake){.instance = ++instances, .serve = serve, .script = script};
	assert_true(mkdir(test_runtime_path("geyser"), 0700) == 0 || errno == EEXIST);
	address = address_of(fake->instance);
	fake->listener = test_socket();
	assert_int_equal(
		bind(fake->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fake->listener, serve ? 64 : 0), 0);
	link_to(fake, id_link());
	assert_int_equal(test_pipe(fake->stop), 0);
	if (serve)
		assert_int_equal(pthread_create(&fake->thread, NULL, serve_all, fake), 0);
}

void fake_stop(struct fake *fake)
{
	(void)close(fake->stop[1]);
	if (fake->serve)
		assert_int_equal(pthread_join(fake->thread, NULL), 0);
	(void)close(fake->stop[0]);
	(void)close(fake->listener);
	(void)unlink(address_of(fake->instance).sun_path);
	(void)unlink(id_link());
}

void fake_publish(const struct fake *fake, const char *name)
{
	link_to(fake, stream_link(name));
}

void fake_withdraw(const char *name)
{
	(void)unlink(stream_link(name));
}

struct geyser_handle fake_handle(const struct fake *fake, enum gy_handle_kind kind)
{
	const struct gy_handle_fields fields = {
		.kind = kind,
		.backend = GEYSER_BACKEND_HOST,
		.id = FAKE_ID,
		.uid = geteuid(),
		.instance = fake->instance,
		.token = {1, 2, 3},
	};
	struct geyser_handle handle;

	gy_handle_encode(&fields, &handle);
	return handle;
}

struct gy_message peer_stream(uint32_t sequence, uint32_t buffers)
{
	return (struct gy_message){
		.type = GY_WIRE_STREAM,
		.sequence = sequence,
		.stream.buffers = buffers,
		.stream.ring_size = sizeof(struct gy_ring_page),
		.stream.lease_size = sizeof(struct gy_lease_memory),
	};
}

struct gy_message peer_texture(
	enum gy_wire_type type, uint32_t sequence, uint32_t width, uint32_t height, uint64_t size)
{
	return (struct gy_message){
		.type = type,
		.sequence = sequence,
		.texture.desc = {.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = width,
			.height = height,
			.depth = 1,
			.layers = 1,
			.mip_levels = 1,
			.usage = GEYSER_USAGE_COPY_SRC},
		.texture.native = {.type = GEYSER_NATIVE_MEMFD,
			.size = size,
			.plane_count = 1,
			.planes[0].row_pitch = (uint64_t)width * 4},
	};
}

bool fake_request(int connection, struct gy_message *out)
{
	struct gy_packet packet;
	int fd;

	for (;;) {
		if (gy_packet_receive(connection, &packet, &fd) != GEYSER_OK)
			return false;
		while (gy_packet_next(&packet, out) == GEYSER_OK && out->type != GY_WIRE_NONE)
			if (out->type != GY_WIRE_HELLO && out->type != GY_WIRE_RELEASE)
				return true;
	}
}

void fake_linger(const struct fake *fake, int connection)
{
	struct pollfd wanted[] = {
		{.fd = connection, .events = POLLRDHUP},
		{.fd = fake->stop[0], .events = POLLIN},
	};

	(void)poll(wanted, 2, -1);
}

bool peer_send(int socket, const void *bytes, size_t size, const int *fds, size_t count)
{
	return test_send(socket, bytes, size, fds, count);
}

bool peer_send_message(int socket, const struct gy_message *message, int fd)
{
	struct gy_packet packet = {.size = 0};

	gy_packet_add(&packet, message);
	return peer_send(socket, packet.bytes, packet.size, &fd, fd >= 0);
}

int peer_connect(uint64_t instance)
{
	struct sockaddr_un address = address_of(instance);
	int fd = test_socket();

	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

int peer_greet(uint64_t instance)
{
	const struct gy_message hello = {.type = GY_WIRE_HELLO, .hello.application = "hostile"};
	int fd = peer_connect(instance);

	assert_true(peer_send_message(fd, &hello, -1));
	return fd;
}

/* ---- subscribers ---- */

int peer_request(
	const char *name, const struct gy_message *request, struct gy_message *answer, int *fd)
{
	struct gy_registry registry;
	struct gy_packet packet;
	uint64_t instance;
	int connection;

	assert_ok(test_open_registry(false, &registry));
	assert_ok(gy_registry_find_name(&registry, name, &instance));
	gy_registry_close(&registry);
	connection = peer_greet(instance);
	assert_true(peer_send_message(connection, request, -1));
	assert_ok(gy_packet_receive(connection, &packet, fd));
	do
		assert_ok(gy_packet_next(&packet, answer));
	while (answer->type == GY_WIRE_HELLO);
	return connection;
}

struct gy_lease_page *peer_subscribe(const char *name, bool every, int *connection)
{
	struct gy_message request = {.type = GY_WIRE_SUBSCRIBE, .sequence = 1, .name.every = every};
	struct gy_message answer;
	struct gy_packet packet;
	void *page;
	int fd;

	(void)snprintf(request.name.name, sizeof(request.name.name), "%s", name);
	/* receives the ring first, then the lease */
	*connection = peer_request(name, &request, &answer, &fd);
	assert_int_equal(answer.type, GY_WIRE_STREAM);
	assert_int_equal(close(fd), 0);
	assert_ok(gy_packet_receive(*connection, &packet, &fd));
	assert_true(fd >= 0);
	page = mmap(NULL, sizeof(struct gy_lease_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(close(fd), 0);
	return page;
}

void peer_unsubscribe(struct gy_lease_page *lease, int connection)
{
	assert_int_equal(munmap(lease, sizeof(*lease)), 0);
	assert_int_equal(close(connection), 0);
}
