/* SPDX-License-Identifier: MIT */
/*
 * Blocks retain the objects that they use, as with Apple's runtime. libBlocksRuntime doesn't know
 * Objective-C objects, so the two functions below replace those of libBlocksRuntime and call them.
 */
#import "objects.h"

#include <Block.h>
#include <dlfcn.h>

#define KIND 0xff /* the bits BLOCK_FIELD_... and BLOCK_BYREF_CALLER of Block_private.h */
#define OBJECT 3

void _Block_object_assign(void *to, const void *from, const int flags);
void _Block_object_dispose(const void *object, const int flags);

void _Block_object_assign(void *to, const void *from, const int flags)
{
	void (*next)(void *, const void *, const int);

	if ((flags & KIND) == OBJECT) {
		*(id *)to = [(id)from retain];
		return;
	}
	*(void **)&next = dlsym(RTLD_NEXT, "_Block_object_assign");
	next(to, from, flags);
}

void _Block_object_dispose(const void *object, const int flags)
{
	void (*next)(const void *, const int);

	if ((flags & KIND) == OBJECT) {
		[(id)object release];
		return;
	}
	*(void **)&next = dlsym(RTLD_NEXT, "_Block_object_dispose");
	next(object, flags);
}

void *double_block_copy(const void *block)
{
	double_count("block", 1);
	return _Block_copy(block);
}

void double_block_release(const void *block)
{
	double_count("block", -1);
	_Block_release(block);
}
