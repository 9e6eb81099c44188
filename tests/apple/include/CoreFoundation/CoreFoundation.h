/* SPDX-License-Identifier: MIT */
/* The part of Core Foundation that geyser uses, written from its public documentation. */
#ifndef GY_APPLE_COREFOUNDATION_H
#define GY_APPLE_COREFOUNDATION_H

#include <TargetConditionals.h>
#include <os/availability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __APPLE__
#include <MacTypes.h>
#else
typedef unsigned char Boolean;
#endif

#define CF_EXPORT extern
#if __has_attribute(cf_returns_retained)
#define CF_RETURNS_RETAINED __attribute__((cf_returns_retained))
#define CF_RETURNS_NOT_RETAINED __attribute__((cf_returns_not_retained))
#else
#define CF_RETURNS_RETAINED
#define CF_RETURNS_NOT_RETAINED
#endif
#ifdef __clang__
#define CF_NULLABLE _Nullable
#else
#define CF_NULLABLE
#endif

typedef const void *CFTypeRef;
typedef unsigned long CFTypeID;
typedef unsigned long CFHashCode;
typedef signed long CFIndex;
typedef uint32_t CFStringEncoding;
typedef CFIndex CFNumberType;

typedef const struct __CFAllocator *CFAllocatorRef;
typedef const struct __CFString *CFStringRef;
typedef const struct __CFNumber *CFNumberRef;
typedef const struct __CFBoolean *CFBooleanRef;
typedef const struct __CFDictionary *CFDictionaryRef;
typedef const struct __CFArray *CFArrayRef;
typedef struct __CFDictionary *CFMutableDictionaryRef;

typedef struct {
	CFIndex version;
	void *retain;
	void *release;
	void *copyDescription;
	void *equal;
	void *hash;
} CFDictionaryKeyCallBacks;

typedef struct {
	CFIndex version;
	void *retain;
	void *release;
	void *copyDescription;
	void *equal;
} CFDictionaryValueCallBacks;

/* Of which the members don't matter. */
typedef struct {
	CFIndex version;
	void *retain;
	void *release;
	void *copyDescription;
	void *equal;
} CFArrayCallBacks;

enum {
	kCFNumberSInt8Type = 1,
	kCFNumberSInt16Type = 2,
	kCFNumberSInt32Type = 3,
	kCFNumberSInt64Type = 4,
	kCFNumberFloat32Type = 5,
	kCFNumberFloat64Type = 6,
	kCFNumberIntType = 9,
	kCFNumberLongType = 10,
	kCFNumberLongLongType = 11
};

enum { kCFStringEncodingASCII = 0x0600, kCFStringEncodingUTF8 = 0x08000100 };

#ifdef __cplusplus
extern "C" {
#endif

CF_EXPORT const CFAllocatorRef kCFAllocatorDefault;
CF_EXPORT const CFBooleanRef kCFBooleanTrue;
CF_EXPORT const CFBooleanRef kCFBooleanFalse;
CF_EXPORT const CFDictionaryKeyCallBacks kCFTypeDictionaryKeyCallBacks;
CF_EXPORT const CFDictionaryValueCallBacks kCFTypeDictionaryValueCallBacks;
CF_EXPORT const CFArrayCallBacks kCFTypeArrayCallBacks;

CF_EXPORT CFTypeRef CFRetain(CFTypeRef object);
CF_EXPORT void CFRelease(CFTypeRef object);
CF_EXPORT CFIndex CFGetRetainCount(CFTypeRef object);
CF_EXPORT CFTypeID CFGetTypeID(CFTypeRef object);
CF_EXPORT Boolean CFEqual(CFTypeRef a, CFTypeRef b);

CF_EXPORT CFTypeID CFDictionaryGetTypeID(void);
CF_EXPORT CFMutableDictionaryRef CFDictionaryCreateMutable(CFAllocatorRef allocator,
	CFIndex capacity, const CFDictionaryKeyCallBacks *keys,
	const CFDictionaryValueCallBacks *values) CF_RETURNS_RETAINED;
CF_EXPORT void CFDictionarySetValue(
	CFMutableDictionaryRef dictionary, const void *key, const void *value);
CF_EXPORT const void *CFDictionaryGetValue(CFDictionaryRef dictionary, const void *key);
CF_EXPORT CFIndex CFDictionaryGetCount(CFDictionaryRef dictionary);

CF_EXPORT CFTypeID CFArrayGetTypeID(void);
CF_EXPORT CFArrayRef CFArrayCreate(CFAllocatorRef allocator, const void **values, CFIndex count,
	const CFArrayCallBacks *callbacks) CF_RETURNS_RETAINED;
CF_EXPORT CFIndex CFArrayGetCount(CFArrayRef array);
CF_EXPORT const void *CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index);

CF_EXPORT CFTypeID CFNumberGetTypeID(void);
CF_EXPORT CFNumberRef CFNumberCreate(
	CFAllocatorRef allocator, CFNumberType type, const void *value) CF_RETURNS_RETAINED;
CF_EXPORT Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void *value);

CF_EXPORT CFTypeID CFBooleanGetTypeID(void);
CF_EXPORT Boolean CFBooleanGetValue(CFBooleanRef boolean);

CF_EXPORT CFTypeID CFStringGetTypeID(void);
CF_EXPORT CFStringRef CFStringCreateWithCString(CFAllocatorRef allocator, const char *string,
	CFStringEncoding encoding) CF_RETURNS_RETAINED;
CF_EXPORT Boolean CFStringGetCString(
	CFStringRef string, char *buffer, CFIndex size, CFStringEncoding encoding);
CF_EXPORT CFIndex CFStringGetLength(CFStringRef string);

#ifdef __APPLE__
#define CFSTR(literal) ((CFStringRef)__builtin___CFStringMakeConstantString("" literal ""))
#else
/* A function of the double. It returns the same string for the same literal, and never releases it.
 */
CF_EXPORT CFStringRef apple_double_cfstr(const char *literal);
#define CFSTR(literal) apple_double_cfstr("" literal "")
#endif

#ifdef __cplusplus
}
#endif

#endif
