/* Handles as bytes, text and ids. All three forms import; damaged and invented handles are
 * refused. */
#include "conformance.h"

#include <ctype.h>
#include <stdio.h>

#define RANDOM_IDS (SANITIZED ? 20000 : 200000)

static struct geyser_texture *shared_texture(void **state, struct geyser_handle *handle)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 16, 16);

	assert_true(fill_texture(texture, 42));
	*handle = export_texture(texture);
	return texture;
}

static void imports(void **state, const struct geyser_handle *handle)
{
	struct geyser_texture *imported = import_texture(manager_of(state), handle);

	assert_true(texture_holds(imported, 42));
	geyser_texture_unref(imported);
}

static void bytes_text_and_id_all_import(void **state)
{
	struct geyser_handle handle, other;
	struct geyser_texture *texture = shared_texture(state, &handle);
	char text[GEYSER_HANDLE_TEXT_SIZE];

	memcpy(other.bytes, handle.bytes, sizeof(other.bytes));
	imports(state, &other);
	ok(geyser_handle_to_string(&handle, text, sizeof(text)));
	memset(&other, 0, sizeof(other));
	ok(geyser_handle_from_string(text, &other));
	assert_memory_equal(&other, &handle, sizeof(handle));
	imports(state, &other);
	memset(&other, 0, sizeof(other));
	ok(geyser_handle_from_id(geyser_handle_id(&handle), &other));
	assert_memory_equal(&other, &handle, sizeof(handle));
	imports(state, &other);
	geyser_texture_unref(texture);
}

static void every_flipped_bit_is_noticed(void **state)
{
	struct geyser_handle handle, zero = {{0}}, copy;
	struct geyser_texture *texture = shared_texture(state, &handle), *imported;
	char text[GEYSER_HANDLE_TEXT_SIZE];
	struct geyser_event *event;

	for (unsigned bit = 0; bit < 8 * sizeof(handle.bytes); bit++) {
		struct geyser_handle flipped = handle;

		flipped.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		imported = texture;
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle",
			geyser_texture_import(manager_of(state), &flipped, NULL, &imported));
		assert_null(imported);
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle",
			geyser_event_import(manager_of(state), &flipped, &event));
		assert_null(event);
		assert_int_equal(geyser_handle_id(&flipped), 0);
		(void)strcpy(text, "not cleared");
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle",
			geyser_handle_to_string(&flipped, text, sizeof(text)));
		assert_string_equal(text, "");
	}
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle",
		geyser_texture_import(manager_of(state), &zero, NULL, &imported));
	memset(&copy, 0xff, sizeof(copy));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "handle",
		geyser_texture_import(manager_of(state), &copy, NULL, &imported));
	imports(state, &handle);
	geyser_texture_unref(texture);
}

/* ---- text ---- */

static void refuse_text(const char *text, const char *word)
{
	struct geyser_handle handle, zero = {{0}};

	memset(&handle, 0xff, sizeof(handle));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, word, geyser_handle_from_string(text, &handle));
	assert_memory_equal(&handle, &zero, sizeof(handle));
}

static void every_wrong_character_is_noticed(void **state)
{
	static const char wrong[] = "gG zZ-_\n\t\r\x80\xff/:@`.%";
	struct geyser_handle handle;
	struct geyser_texture *texture = shared_texture(state, &handle);
	char text[GEYSER_HANDLE_TEXT_SIZE], good[GEYSER_HANDLE_TEXT_SIZE];

	ok(geyser_handle_to_string(&handle, good, sizeof(good)));
	for (size_t i = 0; good[i]; i++)
		for (size_t w = 0; wrong[w]; w++) {
			if (good[i] == wrong[w])
				continue;
			memcpy(text, good, sizeof(text));
			text[i] = wrong[w];
			refuse_text(text, "handle text");
		}
	for (size_t i = strlen("geyser1-"); good[i]; i++) {
		memcpy(text, good, sizeof(text));
		text[i] = text[i] == '7' ? '8' : '7'; /* a wrong but valid digit */
		refuse_text(text, "handle");
	}
	geyser_texture_unref(texture);
}

static void text_of_any_other_length_is_refused(void **state)
{
	struct geyser_handle handle;
	struct geyser_texture *texture = shared_texture(state, &handle);
	char good[GEYSER_HANDLE_TEXT_SIZE], text[2 * GEYSER_HANDLE_TEXT_SIZE];
	size_t length;

	ok(geyser_handle_to_string(&handle, good, sizeof(good)));
	length = strlen(good);
	for (size_t cut = 0; cut < length; cut++) {
		memcpy(text, good, cut);
		text[cut] = '\0';
		refuse_text(text, "handle text");
	}
	for (size_t cut = 1; cut < length; cut++)
		refuse_text(good + cut, "handle text");
	(void)snprintf(text, sizeof(text), "%s%s", good, good);
	refuse_text(text, "handle text");
	geyser_texture_unref(texture);
}

static void text_with_something_around_it_is_refused(void **state)
{
	static const char *const before[] = {" ", "\n", "0", "geyser1-", "x"};
	static const char *const after[] = {" ", "\n", "\r\n", "0", "f", "\x01", "-"};
	struct geyser_handle handle;
	struct geyser_texture *texture = shared_texture(state, &handle);
	char good[GEYSER_HANDLE_TEXT_SIZE], text[2 * GEYSER_HANDLE_TEXT_SIZE];

	ok(geyser_handle_to_string(&handle, good, sizeof(good)));
	for (size_t i = 0; i < COUNT_OF(before); i++) {
		(void)snprintf(text, sizeof(text), "%s%s", before[i], good);
		refuse_text(text, "handle text");
	}
	for (size_t i = 0; i < COUNT_OF(after); i++) {
		(void)snprintf(text, sizeof(text), "%s%s", good, after[i]);
		refuse_text(text, "handle text");
	}
	refuse_text(NULL, "NULL");
	refuse_text("", "handle text");
	refuse_text("%n%n%s", "handle text");
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_handle_from_string(good, NULL));
	geyser_texture_unref(texture);
}

static void digits_may_be_upper_case(void **state)
{
	struct geyser_handle handle, read;
	struct geyser_texture *texture = shared_texture(state, &handle);
	char text[GEYSER_HANDLE_TEXT_SIZE];

	ok(geyser_handle_to_string(&handle, text, sizeof(text)));
	for (char *at = text + strlen("geyser1-"); *at; at++)
		*at = (char)toupper((unsigned char)*at);
	ok(geyser_handle_from_string(text, &read));
	assert_memory_equal(&read, &handle, sizeof(handle));
	text[0] = 'G';
	refuse_text(text, "handle text");
	geyser_texture_unref(texture);
}

static void the_text_needs_room(void **state)
{
	struct geyser_handle handle;
	struct geyser_texture *texture = shared_texture(state, &handle);
	char good[GEYSER_HANDLE_TEXT_SIZE], text[GEYSER_HANDLE_TEXT_SIZE];
	size_t needed;

	ok(geyser_handle_to_string(&handle, good, sizeof(good)));
	needed = strlen(good) + 1;
	assert_int_equal(strlen(good), strlen("geyser1-") + 78);
	for (size_t size = 0; size < needed; size++) {
		memset(text, 'x', sizeof(text));
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "text buffer",
			geyser_handle_to_string(&handle, text, size));
		assert_int_equal(text[0], size ? '\0' : 'x');
		assert_int_equal(text[size ? size : 1], 'x');
	}
	ok(geyser_handle_to_string(&handle, text, needed));
	assert_string_equal(text, good);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "text buffer",
		geyser_handle_to_string(&handle, NULL, sizeof(text)));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "NULL",
		geyser_handle_to_string(NULL, text, sizeof(text)));
	assert_string_equal(text, "");
	assert_int_equal(geyser_handle_id(NULL), 0);
	geyser_texture_unref(texture);
}

/* ---- ids ---- */

static void refuse_id(uint32_t id, enum geyser_result wanted)
{
	struct geyser_handle handle, zero = {{0}};
	char word[24];

	memset(&handle, 0xff, sizeof(handle));
	(void)snprintf(word, sizeof(word), id ? "id 0x%08x" : "id (%u)", id);
	refused(wanted, word, geyser_handle_from_id(id, &handle));
	assert_memory_equal(&handle, &zero, sizeof(handle));
}

static void ids_that_are_none(void **state)
{
	struct geyser_handle handle;
	struct geyser_texture *texture = shared_texture(state, &handle);
	uint32_t id = geyser_handle_id(&handle);

	assert_int_not_equal(id, 0);
	refuse_id(0, GEYSER_ERROR_INVALID_ARGUMENT);
	refuse_id(id + 1 ? id + 1 : 1, GEYSER_ERROR_NOT_FOUND);
	refuse_id(~id ? ~id : 1, GEYSER_ERROR_NOT_FOUND);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_handle_from_id(id, NULL));
	geyser_texture_unref(texture);
	refuse_id(id, GEYSER_ERROR_NOT_FOUND);
}

static void nothing_is_found_where_nothing_is_exported(void **state)
{
	struct geyser_handle handle;

	(void)state;
	refused(GEYSER_ERROR_NOT_FOUND, "nothing is exported", geyser_handle_from_id(7, &handle));
}

static void guessed_ids_find_nothing(void **state)
{
	struct geyser_handle handle, found;
	struct geyser_texture *texture = shared_texture(state, &handle);
	uint64_t random = 88172645463325252u;

	for (unsigned i = 0; i < RANDOM_IDS; i++) {
		uint32_t id = (uint32_t)(next_random(&random) >> 32);

		if (id != geyser_handle_id(&handle) && id != 0)
			assert_int_equal(geyser_handle_from_id(id, &found), GEYSER_ERROR_NOT_FOUND);
	}
	geyser_texture_unref(texture);
}

/* ---- handles of the other kind of object ---- */

static void a_handle_is_of_its_kind_only(void **state)
{
	struct geyser_handle texture_handle, event_handle;
	struct geyser_texture *texture = shared_texture(state, &texture_handle),
			      *no_texture = texture;
	struct geyser_event *event = make_event(manager_of(state), 0), *no_event = event;

	event_handle = export_event(event);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "wrong kind (texture)",
		geyser_event_import(manager_of(state), &texture_handle, &no_event));
	assert_null(no_event);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "wrong kind (event)",
		geyser_texture_import(manager_of(state), &event_handle, NULL, &no_texture));
	assert_null(no_texture);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
}

static const struct CMUnitTest tests[] = {
	test(bytes_text_and_id_all_import),
	test(every_flipped_bit_is_noticed),
	test(every_wrong_character_is_noticed),
	test(text_of_any_other_length_is_refused),
	test(text_with_something_around_it_is_refused),
	test(digits_may_be_upper_case),
	test(the_text_needs_room),
	test(ids_that_are_none),
	test(nothing_is_found_where_nothing_is_exported),
	test(guessed_ids_find_nothing),
	test(a_handle_is_of_its_kind_only),
};

const struct group handles_group = {"handles", tests, COUNT_OF(tests), NULL};
