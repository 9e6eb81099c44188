/* SPDX-License-Identifier: MIT */
/* The root class, autorelease pools that drain, strings and errors. */
#import "objects.h"

#include <objc/runtime.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local DoublePool *innermost;

/* A protocol, in the layout of GNU's runtime and clang. The runtime's own function can't be used:
 * it needs the protocol's class, which clang doesn't set for a protocol that is only named. */
struct protocol {
	Class class_pointer;
	const char *name;
	struct protocol_list {
		struct protocol_list *next;
		size_t count;
		struct protocol *protocols[];
	} * adopted;
};

static BOOL adopts(const struct protocol *protocol, const char *name)
{
	if (strcmp(protocol->name, name) == 0)
		return YES;
	for (const struct protocol_list *list = protocol->adopted; list; list = list->next) {
		for (size_t i = 0; i < list->count; i++) {
			if (adopts(list->protocols[i], name))
				return YES;
		}
	}
	return NO;
}

@implementation NSObject
+ (void)initialize
{
}

+ (instancetype)alloc
{
	NSObject *object = class_createInstance(self, 0);

	if (!object)
		double_die("out of memory for a %s", class_getName(self));
	object->references = 1;
	double_count(class_getName(self), 1);
	return object;
}

+ (instancetype)new
{
	return [[self alloc] init];
}

+ (Class)class
{
	return self;
}

- (instancetype)init
{
	return self;
}

- (void)dealloc
{
	double_count(class_getName(object_getClass(self)), -1);
	object_dispose(self);
}

- (Class)class
{
	return object_getClass(self);
}

- (BOOL)isKindOfClass:(Class)wanted
{
	Class class = object_getClass(self);

	while (class && class != wanted)
		class = class_getSuperclass(class);
	return class != Nil;
}

- (BOOL)respondsToSelector:(SEL)selector
{
	return class_respondsToSelector(object_getClass(self), selector) &&
	       double_answers(sel_getName(selector));
}

- (BOOL)conformsToProtocol:(Protocol *)protocol
{
	const char *name = ((struct protocol *)protocol)->name;
	BOOL found = NO;

	for (Class class = object_getClass(self); class && !found;
		class = class_getSuperclass(class)) {
		unsigned count = 0;
		Protocol **list = class_copyProtocolList(class, &count);

		for (unsigned i = 0; i < count && !found; i++)
			found = adopts((struct protocol *)list[i], name);
		free(list);
	}
	return found;
}

- (BOOL)isEqual:(id)other
{
	return self == other;
}

- (instancetype)retain
{
	references++;
	return self;
}

- (BOOL)retainIfAlive
{
	NSUInteger before = references;

	while (before && !atomic_compare_exchange_weak(&references, &before, before + 1))
		;
	return before != 0;
}

- (oneway void)release
{
	NSUInteger before = references--;

	if (before == 0)
		double_die("a %s is released once too often", class_getName(object_getClass(self)));
	if (before == 1)
		[self dealloc];
}

- (instancetype)autorelease
{
	[NSAutoreleasePool addObject:self];
	return self;
}

- (NSUInteger)retainCount
{
	return references;
}
@end

/* @autoreleasepool makes a pool at its beginning and drains it at its end. */
@implementation NSAutoreleasePool
+ (instancetype)alloc
{
	return self == [NSAutoreleasePool class] ? [DoublePool alloc] : [super alloc];
}

+ (void)addObject:(id)object
{
	if (!innermost)
		double_die("a %s is autoreleased, but there is no pool",
			class_getName(object_getClass(object)));
	[innermost add:object];
}

- (void)drain
{
	double_die("a pool of no class");
}
@end

@implementation DoublePool
- (instancetype)init
{
	outer = innermost;
	innermost = self;
	return self;
}

- (void)add:(id)object
{
	objects = realloc(objects, (count + 1) * sizeof(*objects));
	if (!objects)
		double_die("out of memory");
	objects[count++] = object;
}

- (void)drain
{
	if (innermost != self)
		double_die("a pool is drained, but it isn't this thread's innermost");
	while (count > 0)
		[objects[--count] release];
	innermost = outer;
	free(objects);
	[self release];
}

- (instancetype)autorelease
{
	double_die("a pool is autoreleased");
}
@end

@implementation NSString
+ (instancetype)stringWithUTF8String:(const char *)characters
{
	if (!double_is_utf8(characters))
		return nil;
	return [[[DoubleString alloc] initWithCharacters:characters] autorelease];
}

- (const char *)UTF8String
{
	double_die("a string of no class");
}

- (NSUInteger)length
{
	return strlen(self.UTF8String);
}

- (BOOL)isEqualToString:(NSString *)other
{
	return strcmp(self.UTF8String, other.UTF8String) == 0;
}

- (id)copyWithZone:(struct _NSZone *)zone
{
	(void)zone;
	return [self retain];
}
@end

@implementation DoubleString
- (instancetype)initWithCharacters:(const char *)text
{
	characters = strdup(text);
	return self;
}

- (void)dealloc
{
	free(characters);
	[super dealloc];
}

- (const char *)UTF8String
{
	return characters;
}
@end

@implementation NSError
@dynamic domain, code, localizedDescription;
@end

@implementation DoubleError
- (instancetype)initWithDomain:(NSString *)aDomain code:(NSInteger)aCode text:(const char *)text
{
	domain = [aDomain retain];
	code = aCode;
	description = [[DoubleString alloc] initWithCharacters:text];
	return self;
}

- (void)dealloc
{
	[domain release];
	[description release];
	[super dealloc];
}

- (NSString *)domain
{
	return domain;
}

- (NSInteger)code
{
	return code;
}

- (NSString *)localizedDescription
{
	return description;
}
@end
