/* SPDX-License-Identifier: MIT */
/* A program on the double that releases all of its objects. */
#include <Metal/Metal.h>

int main(void)
{
	id<MTLDevice> device = MTLCreateSystemDefaultDevice();
	id<MTLSharedEvent> event = [device newSharedEvent];

	[event release];
	[device release];
	return 0;
}
