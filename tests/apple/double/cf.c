/* SPDX-License-Identifier: MIT */
/* Core Foundation: reference counts, strings, numbers, booleans and dictionaries. */
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct __CFNumber {
	struct double_object object;
	int64_t value;
};

struct __CFBoolean {
	struct double_object object;
	bool value;
};

struct __CFDictionary {
	struct double_object object;
	size_t count;
	struct {
		CFTypeRef key, value;
	} * pairs;
};

struct __CFArray {
	struct double_object object;
	CFIndex count;
	CFTypeRef *values;
};

static void string_destroy(void *object)
{
	free(((struct __CFString *)object)->characters);
}

static void dictionary_destroy(void *object)
{
	struct __CFDictionary *dictionary = object;

	for (size_t i = 0; i < dictionary->count; i++) {
		CFRelease(dictionary->pairs[i].key);
		CFRelease(dictionary->pairs[i].value);
	}
	free(dictionary->pairs);
}

static void array_destroy(void *object)
{
	struct __CFArray *array = object;

	for (CFIndex i = 0; i < array->count; i++)
		CFRelease(array->values[i]);
	free(array->values);
}

const struct double_type double_string_type = {"CFString", string_destroy};
static const struct double_type number_type = {"CFNumber", NULL};
static const struct double_type boolean_type = {"CFBoolean", NULL};
static const struct double_type dictionary_type = {"CFDictionary", dictionary_destroy};
static const struct double_type array_type = {"CFArray", array_destroy};

static const struct __CFBoolean yes = {{&boolean_type, DOUBLE_FOR_EVER}, true};
static const struct __CFBoolean no = {{&boolean_type, DOUBLE_FOR_EVER}, false};

const CFAllocatorRef kCFAllocatorDefault = NULL;
const CFBooleanRef kCFBooleanTrue = &yes;
const CFBooleanRef kCFBooleanFalse = &no;
const CFDictionaryKeyCallBacks kCFTypeDictionaryKeyCallBacks = {0, 0, 0, 0, 0, 0};
const CFDictionaryValueCallBacks kCFTypeDictionaryValueCallBacks = {0, 0, 0, 0, 0};
const CFArrayCallBacks kCFTypeArrayCallBacks = {0, 0, 0, 0, 0};

void *double_object_create(const struct double_type *type, size_t bytes)
{
	struct double_object *object = double_allocate(bytes);

	object->type = type;
	object->references = 1;
	double_count(type->name, 1);
	return object;
}

void double_object_check(const void *object, const struct double_type *type)
{
	const struct double_object *it = object;

	if (!it)
		double_die("NULL where a %s belongs", type->name);
	if (it->type != type)
		double_die("a %s where a %s belongs", it->type->name, type->name);
}

CFTypeRef CFRetain(CFTypeRef object)
{
	struct double_object *it = (struct double_object *)object;

	if (!it)
		double_die("CFRetain of NULL");
	if (it->references != DOUBLE_FOR_EVER)
		it->references++;
	return object;
}

void CFRelease(CFTypeRef object)
{
	struct double_object *it = (struct double_object *)object;
	long left;

	if (!it)
		double_die("CFRelease of NULL");
	if (it->references == DOUBLE_FOR_EVER)
		return;
	left = --it->references;
	if (left < 0)
		double_die("a %s is released once too often", it->type->name);
	if (left > 0)
		return;
	double_count(it->type->name, -1);
	if (it->type->destroy)
		it->type->destroy(it);
	free(it);
}

CFIndex CFGetRetainCount(CFTypeRef object)
{
	const struct double_object *it = object;

	return it->references == DOUBLE_FOR_EVER ? INT64_MAX : it->references;
}

CFTypeID CFGetTypeID(CFTypeRef object)
{
	return (CFTypeID)(uintptr_t)((const struct double_object *)object)->type;
}

CFTypeID CFStringGetTypeID(void)
{
	return (CFTypeID)(uintptr_t)&double_string_type;
}

CFTypeID CFNumberGetTypeID(void)
{
	return (CFTypeID)(uintptr_t)&number_type;
}

CFTypeID CFBooleanGetTypeID(void)
{
	return (CFTypeID)(uintptr_t)&boolean_type;
}

CFTypeID CFDictionaryGetTypeID(void)
{
	return (CFTypeID)(uintptr_t)&dictionary_type;
}

CFTypeID CFArrayGetTypeID(void)
{
	return (CFTypeID)(uintptr_t)&array_type;
}

Boolean CFEqual(CFTypeRef a, CFTypeRef b)
{
	if (a == b)
		return true;
	if (CFGetTypeID(a) != CFGetTypeID(b))
		return false;
	if (CFGetTypeID(a) == CFStringGetTypeID())
		return strcmp(((CFStringRef)a)->characters, ((CFStringRef)b)->characters) == 0;
	if (CFGetTypeID(a) == CFNumberGetTypeID())
		return ((CFNumberRef)a)->value == ((CFNumberRef)b)->value;
	return false;
}

/* Returns how many bytes follow the first byte of a UTF-8 character, or 9 if it isn't valid. */
static unsigned utf8_more(const unsigned char *at)
{
	if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
		(*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
		return 9; /* an overlong form, a surrogate, or beyond the last character */
	if (*at < 0x80)
		return 0;
	return *at < 0xc2 ? 9 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : *at < 0xf5 ? 3 : 9;
}

/* Doesn't use a locale: that takes a file descriptor, and tests run with none left. */
bool double_is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		unsigned more = utf8_more(at);

		if (more > 3)
			return false;
		for (at++; more; more--, at++) {
			if ((*at & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

CFStringRef CFStringCreateWithCString(
	CFAllocatorRef allocator, const char *characters, CFStringEncoding encoding)
{
	struct __CFString *string;

	(void)allocator;
	if (encoding != kCFStringEncodingUTF8 && encoding != kCFStringEncodingASCII)
		double_die("the double has no string encoding 0x%x", encoding);
	if (!double_is_utf8(characters))
		return NULL;
	string = double_object_create(&double_string_type, sizeof(*string));
	string->characters = strdup(characters);
	return string;
}

Boolean CFStringGetCString(
	CFStringRef string, char *buffer, CFIndex size, CFStringEncoding encoding)
{
	size_t length;

	(void)encoding;
	double_object_check(string, &double_string_type);
	length = strlen(string->characters);
	if (size <= 0 || length >= (size_t)size)
		return false;
	memcpy(buffer, string->characters, length + 1);
	return true;
}

CFIndex CFStringGetLength(CFStringRef string)
{
	double_object_check(string, &double_string_type);
	return (CFIndex)strlen(string->characters);
}

CFStringRef apple_double_cfstr(const char *literal)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct constant {
		struct constant *next;
		struct __CFString string;
	} * constants;
	struct constant *it;

	pthread_mutex_lock(&lock);
	for (it = constants; it && strcmp(it->string.characters, literal) != 0; it = it->next)
		;
	if (!it) {
		it = double_allocate(sizeof(*it));
		it->string.object.type = &double_string_type;
		it->string.object.references = DOUBLE_FOR_EVER;
		it->string.characters = strdup(literal);
		it->next = constants;
		constants = it;
	}
	pthread_mutex_unlock(&lock);
	return &it->string;
}

static size_t number_bytes(CFNumberType type)
{
	switch (type) {
	case kCFNumberSInt8Type:
		return 1;
	case kCFNumberSInt16Type:
		return 2;
	case kCFNumberSInt32Type:
	case kCFNumberIntType:
		return 4;
	case kCFNumberSInt64Type:
	case kCFNumberLongType:
	case kCFNumberLongLongType:
		return 8;
	default:
		double_die("the double has no number type %ld", type);
	}
}

CFNumberRef CFNumberCreate(CFAllocatorRef allocator, CFNumberType type, const void *value)
{
	struct __CFNumber *number = double_object_create(&number_type, sizeof(*number));
	size_t bytes = number_bytes(type);

	(void)allocator;
	/* the value is little-endian; the shifts extend its sign */
	memcpy(&number->value, value, bytes);
	number->value = (int64_t)((uint64_t)number->value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
	return number;
}

Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void *value)
{
	size_t bytes = number_bytes(type);
	int64_t back;

	double_object_check(number, &number_type);
	memcpy(value, &number->value, bytes);
	back = (int64_t)((uint64_t)number->value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
	return back == number->value;
}

Boolean CFBooleanGetValue(CFBooleanRef boolean)
{
	double_object_check(boolean, &boolean_type);
	return boolean->value;
}

CFMutableDictionaryRef CFDictionaryCreateMutable(CFAllocatorRef allocator, CFIndex capacity,
	const CFDictionaryKeyCallBacks *keys, const CFDictionaryValueCallBacks *values)
{
	(void)allocator;
	(void)capacity;
	if (keys != &kCFTypeDictionaryKeyCallBacks || values != &kCFTypeDictionaryValueCallBacks)
		double_die("a dictionary that retains neither keys nor values");
	return double_object_create(&dictionary_type, sizeof(struct __CFDictionary));
}

void CFDictionarySetValue(CFMutableDictionaryRef dictionary, const void *key, const void *value)
{
	double_object_check(dictionary, &dictionary_type);
	CFRetain(value);
	for (size_t i = 0; i < dictionary->count; i++) {
		if (CFEqual(dictionary->pairs[i].key, key)) {
			CFRelease(dictionary->pairs[i].value);
			dictionary->pairs[i].value = value;
			return;
		}
	}
	dictionary->pairs =
		realloc(dictionary->pairs, (dictionary->count + 1) * sizeof(*dictionary->pairs));
	if (!dictionary->pairs)
		double_die("out of memory");
	dictionary->pairs[dictionary->count].key = CFRetain(key);
	dictionary->pairs[dictionary->count++].value = value;
}

const void *CFDictionaryGetValue(CFDictionaryRef dictionary, const void *key)
{
	double_object_check(dictionary, &dictionary_type);
	for (size_t i = 0; i < dictionary->count; i++) {
		if (CFEqual(dictionary->pairs[i].key, key))
			return dictionary->pairs[i].value;
	}
	return NULL;
}

CFIndex CFDictionaryGetCount(CFDictionaryRef dictionary)
{
	double_object_check(dictionary, &dictionary_type);
	return (CFIndex)dictionary->count;
}

CFArrayRef CFArrayCreate(CFAllocatorRef allocator, const void **values, CFIndex count,
	const CFArrayCallBacks *callbacks)
{
	struct __CFArray *array = double_object_create(&array_type, sizeof(*array));

	(void)allocator;
	if (callbacks != &kCFTypeArrayCallBacks)
		double_die("an array that doesn't retain its values");
	array->values = double_allocate((size_t)count * sizeof(*array->values));
	array->count = count;
	for (CFIndex i = 0; i < count; i++)
		array->values[i] = CFRetain(values[i]);
	return array;
}

CFIndex CFArrayGetCount(CFArrayRef array)
{
	double_object_check(array, &array_type);
	return array->count;
}

const void *CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index)
{
	double_object_check(array, &array_type);
	if (index < 0 || index >= array->count)
		double_die("value %ld of an array of %ld", index, array->count);
	return array->values[index];
}
