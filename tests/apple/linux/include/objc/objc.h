/* SPDX-License-Identifier: MIT */
/* The types of GNU's Objective-C runtime. The runtime's own headers are in gcc's include folder,
 * which clang can't use. */
#ifndef GY_DOUBLE_OBJC_H
#define GY_DOUBLE_OBJC_H

#include <stddef.h>

typedef unsigned char BOOL;
#define YES ((BOOL)1)
#define NO ((BOOL)0)

typedef const struct objc_selector *SEL;
typedef struct objc_class *Class;
typedef struct objc_object {
	Class class_pointer;
} * id;

#define nil ((id)0)
#define Nil ((Class)0)

#ifdef __OBJC__
@class Protocol;
#endif

#endif
