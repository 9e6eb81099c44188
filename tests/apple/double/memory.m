/* SPDX-License-Identifier: MIT */
#import "objects.h"

#include <stdlib.h>
#include <string.h>

@implementation DoubleMemory
- (instancetype)initWithBytes:(size_t)aSize copied:(BOOL)twice
{
	size = aSize;
	bytes = double_allocate(size);
	memset(bytes, 0xa5, size); /* Metal promises nothing */
	if (twice)
		copied = double_allocate(size);
	return self;
}

- (void)dealloc
{
	free(bytes);
	free(copied);
	[super dealloc];
}

- (uint8_t *)bytes
{
	return bytes;
}

- (uint8_t *)copied
{
	return copied;
}

- (void)synchronize
{
	if (copied)
		memcpy(copied, bytes, size);
}
@end
