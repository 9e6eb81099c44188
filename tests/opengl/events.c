/* Events order the work of GL and of other APIs: by the device's semaphores, or by the CPU. */
#include "gl.h"

#include <pthread.h>

static struct geyser_texture *make_texture_of(struct geyser_manager *manager)
{
	const struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = 256,
		.height = 256,
		.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST |
			 GEYSER_USAGE_RENDER_ATTACHMENT};
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

static void waiting_waits(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_event *const event = make_event(manager_of(state), 0);
	const bool native = geyser_gl_event_is_native(for_gl, event);

	print_message("# events are %s\n", native ? "the device's own" : "bridged by the CPU");
	if (!native) {
		refused(GEYSER_ERROR_TIMEOUT, "", geyser_gl_event_wait(for_gl, event, 1, 0));
		refused(GEYSER_ERROR_TIMEOUT, "",
			geyser_gl_event_wait(for_gl, event, 1, 10 * MILLISECOND));
	}
	ok(geyser_event_signal(event, 1));
	ok(geyser_gl_event_wait(for_gl, event, 1, PATIENCE));
	ok(geyser_gl_event_signal(for_gl, event, 2));
	ok(geyser_event_wait(event, 2, PATIENCE));
	geyser_event_unref(event);
	geyser_gl_destroy(for_gl);
}

/* The events of the host backend are never native. */
static void events_of_the_host(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *const event = make_event(host, 5);
	struct geyser_gl *const for_gl = make_gl();

	(void)state;
	assert_false(geyser_gl_event_is_native(for_gl, event));
	ok(geyser_gl_event_wait(for_gl, event, 5, 0));
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_gl_event_wait(for_gl, event, 6, 0));
	ok(geyser_gl_event_signal(for_gl, event, 6));
	assert_int_equal(value_of(event), 6);
	geyser_gl_destroy(for_gl);
	geyser_event_unref(event);
	geyser_manager_destroy(host);
}

/* Clears the texture. GL's driver gives this work to the GPU, and doesn't wait for it. */
static void clear(GLuint name, uint8_t value)
{
	const float level = (float)value / 255.0f;
	GLuint framebuffer;

	gl.GenFramebuffers(1, &framebuffer);
	gl.BindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	gl.FramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, name, 0);
	gl.ClearColor(level, level, level, level);
	gl.Clear(GL_COLOR_BUFFER_BIT);
	gl.BindFramebuffer(GL_FRAMEBUFFER, 0);
	gl.DeleteFramebuffers(1, &framebuffer);
	no_gl_error("clear");
}

static bool is_clear(struct geyser_texture *texture, uint8_t value)
{
	struct geyser_mapping mapping;
	bool good = true;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (size_t i = 0; i < mapping.size; i++)
		good = good && ((const uint8_t *)mapping.data)[i] == value;
	geyser_texture_unmap(texture);
	return good;
}

/* GL's work after a wait is done after the other side's work before the signal. If the event isn't
 * native, the call itself waits. */
static void gl_waits_for_what_is_to_come(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_texture_of(manager_of(state));
	struct geyser_event *const event = make_event(manager_of(state), 0);
	struct geyser_gl_texture *imported;
	struct geyser_gl_texture_info info;

	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	ok(geyser_gl_texture_get_info(imported, &info));
	for (uint32_t i = 0; i < 10 && geyser_gl_event_is_native(for_gl, event); i++) {
		ok(geyser_gl_event_wait(for_gl, event, 2 * i + 1, 0));
		ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_WRITE));
		clear(info.name, (uint8_t)(100 + i));
		ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_WRITE));
		ok(geyser_gl_event_signal(for_gl, event, 2 * i + 2));
		assert_true(fill_texture(texture, i));
		assert_int_equal(value_of(event), 2 * i);
		ok(geyser_event_signal(event, 2 * i + 1));
		ok(geyser_event_wait(event, 2 * i + 2, PATIENCE));
		assert_true(is_clear(texture, (uint8_t)(100 + i)));
	}
	geyser_gl_texture_destroy(imported);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

/* ---- what GL draws is there when its value is ---- */

#define DRAWN 20

struct reader {
	struct geyser_texture *texture;
	struct geyser_event *drawn;
	struct geyser_event *read;
};

static void *read_on_the_cpu(void *data)
{
	const struct reader *const reader = data;

	for (uint32_t i = 1; i <= DRAWN; i++) {
		check(geyser_event_wait(reader->drawn, i, PATIENCE) == GEYSER_OK);
		check(texture_holds(reader->texture, i));
		check(geyser_event_signal(reader->read, i) == GEYSER_OK);
	}
	return NULL;
}

static void drawn_for_the_cpu(struct geyser_manager *manager)
{
	struct geyser_gl *const for_gl = make_gl();
	struct reader reader = {
		.texture = make_texture_of(manager),
		.drawn = make_event(manager, 0),
		.read = make_event(manager, 0),
	};
	struct geyser_gl_texture *imported;
	struct geyser_gl_texture_info info;
	pthread_t thread;

	ok(geyser_gl_texture_import(for_gl, reader.texture, &imported));
	ok(geyser_gl_texture_get_info(imported, &info));
	assert_int_equal(pthread_create(&thread, NULL, read_on_the_cpu, &reader), 0);
	for (uint32_t i = 1; i <= DRAWN; i++) {
		/* waits on the CPU: see docs/opengl.md about calls that wait */
		ok(geyser_event_wait(reader.read, i - 1, PATIENCE));
		ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_WRITE));
		gl_fill(reader.texture, &info, i);
		ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_WRITE));
		ok(geyser_gl_event_signal(for_gl, reader.drawn, i));
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	no_failures();
	geyser_gl_texture_destroy(imported);
	geyser_event_unref(reader.read);
	geyser_event_unref(reader.drawn);
	geyser_texture_unref(reader.texture);
	geyser_gl_destroy(for_gl);
}

static void the_cpu_reads_what_gl_drew(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);

	drawn_for_the_cpu(manager_of(state));
	drawn_for_the_cpu(host);
	geyser_manager_destroy(host);
}

/* A destroyed event isn't waited for again. */
static void events_go_while_textures_stay(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_texture_of(manager_of(state));
	struct geyser_gl_texture *imported;

	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	for (unsigned i = 0; i < 3; i++) {
		struct geyser_event *const event = make_event(manager_of(state), 1);

		ok(geyser_gl_event_wait(for_gl, event, 1, PATIENCE));
		geyser_event_unref(event);
		ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
		ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_READ));
	}
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(waiting_waits),
		manager_test(events_of_the_host),
		manager_test(gl_waits_for_what_is_to_come),
		manager_test(the_cpu_reads_what_gl_drew),
		manager_test(events_go_while_textures_stay),
	};

	return RUN_GL_SUITE("opengl events", tests, argc > 1 ? argv[1] : "gl");
}
