/* SPDX-License-Identifier: MIT */
/* Handles of shared textures and events. Only XPC can send them to another process. */
#import "objects.h"

static _Noreturn void refuse(const char *class)
{
	double_die("a %s can be encoded by an NSXPCCoder only", class);
}

@implementation MTLSharedTextureHandle
@dynamic device, label;

+ (BOOL)supportsSecureCoding
{
	return YES;
}

- (void)encodeWithCoder:(NSCoder *)coder
{
	(void)coder;
	refuse("MTLSharedTextureHandle");
}

- (instancetype)initWithCoder:(NSCoder *)coder
{
	(void)coder;
	refuse("MTLSharedTextureHandle");
}
@end

@implementation DoubleTextureHandle
- (instancetype)initWithTexture:(DoubleTexture *)aTexture
{
	texture = [aTexture retain];
	return self;
}

- (void)dealloc
{
	[texture release];
	[super dealloc];
}

- (DoubleTexture *)texture
{
	return texture;
}

- (id<MTLDevice>)device
{
	return texture.device;
}

- (NSString *)label
{
	return texture.label;
}
@end

@implementation MTLSharedEventHandle
@dynamic label;

+ (BOOL)supportsSecureCoding
{
	return YES;
}

- (void)encodeWithCoder:(NSCoder *)coder
{
	(void)coder;
	refuse("MTLSharedEventHandle");
}

- (instancetype)initWithCoder:(NSCoder *)coder
{
	(void)coder;
	refuse("MTLSharedEventHandle");
}
@end

@implementation DoubleEventHandle
- (instancetype)initWithEvent:(struct double_event *)anEvent label:(NSString *)aLabel
{
	event = double_event_ref(anEvent);
	label = [aLabel retain];
	return self;
}

- (void)dealloc
{
	double_event_unref(event);
	[label release];
	[super dealloc];
}

- (struct double_event *)event
{
	return event;
}

- (NSString *)label
{
	return label;
}
@end
