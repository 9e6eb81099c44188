/* SPDX-License-Identifier: MIT */
#import "objects.h"

@implementation DoubleLabelled
- (instancetype)initWithDevice:(id<MTLDevice>)aDevice
{
	device = [aDevice retain];
	return self;
}

- (void)dealloc
{
	[label release];
	[device release];
	[super dealloc];
}

- (id<MTLDevice>)device
{
	return device;
}

- (NSString *)label
{
	return label;
}

- (void)setLabel:(NSString *)aLabel
{
	NSString *old = label;

	label = [aLabel retain];
	[old release];
}
@end
