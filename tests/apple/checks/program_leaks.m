/* SPDX-License-Identifier: MIT */
/* A program on the double that forgets one release. The double names the class, and makes the
 * program fail. */
#include <Metal/Metal.h>

int main(void)
{
	id<MTLDevice> device = MTLCreateSystemDefaultDevice();
	id<MTLSharedEvent> event = [device newSharedEvent];

	event.signaledValue = 1;
	[device release];
	return 0;
}
