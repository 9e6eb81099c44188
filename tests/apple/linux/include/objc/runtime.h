/* SPDX-License-Identifier: MIT */
/* The part of GNU's Objective-C runtime that the double uses. */
#ifndef GY_DOUBLE_OBJC_RUNTIME_H
#define GY_DOUBLE_OBJC_RUNTIME_H

#include <objc/objc.h>

id class_createInstance(Class class, size_t extra_bytes);
id object_dispose(id object);
const char *class_getName(Class class);
Class class_getSuperclass(Class class);
id objc_getClass(const char *name);
BOOL class_respondsToSelector(Class class, SEL selector);
#ifdef __OBJC__
Protocol **class_copyProtocolList(Class class, unsigned *count); /* the caller frees the list */
#endif
const char *sel_getName(SEL selector);

static inline Class object_getClass(id object)
{
	return object ? object->class_pointer : Nil;
}

#endif
