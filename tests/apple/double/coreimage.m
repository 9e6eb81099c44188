/* SPDX-License-Identifier: MIT */
/* Core Image: images of one colour or of a surface, and tasks that render them into a surface. The
 * double renders when the program waits for the task, so a program that doesn't wait finds no
 * pixels. */
#import "objects.h"

#include "texels.h"

#include <CoreImage/CoreImage.h>
#include <string.h>

/* The FourCCs of surfaces that Core Image reads, with the MTLPixelFormat of their texels. */
static const struct double_pixels *pixels_of(IOSurfaceRef surface)
{
	static const struct {
		char fourcc[5];
		uint16_t format;
	} known[] = {
		{"BGRA", 80},
		{"RGBA", 70},
		{"L008", 10},
		{"2C08", 30},
		{"L00h", 25},
		{"2C0h", 65},
		{"RGhA", 115},
		{"L00f", 55},
		{"RGfA", 125},
	};
	const uint32_t fourcc = IOSurfaceGetPixelFormat(surface);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *c = known[i].fourcc;

		if (fourcc == ((uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 |
				      (uint32_t)c[3]))
			return double_pixels_of(known[i].format);
	}
	return NULL;
}

/* Whether Core Image reads the surface as video. If so, *full: of full range. */
static bool is_video(IOSurfaceRef surface, bool *full)
{
	const uint32_t fourcc = IOSurfaceGetPixelFormat(surface);

	*full = fourcc == 0x34323066;         /* '420f' */
	return *full || fourcc == 0x34323076; /* '420v' */
}

/* Reads a texel of video. The double calculates with luma alone: chroma must be 128. */
static void read_video(IOSurfaceRef surface, size_t x, size_t y, double texel[4])
{
	const uint8_t *memory = double_surface_of(surface)->memory;
	const struct double_surface_plane *luma = double_surface_plane_of(surface, 0);
	const struct double_surface_plane *chroma = double_surface_plane_of(surface, 1);
	const uint8_t *c = memory + chroma->offset + y / 2 * chroma->bytes_per_row + x / 2 * 2;
	const double grey = memory[luma->offset + y * luma->bytes_per_row + x];
	bool full;

	if (!is_video(surface, &full) || c[0] != 128 || c[1] != 128)
		double_die("the double's Core Image reads grey video only");
	for (int i = 0; i < 3; i++)
		texel[i] = full ? grey / 255 : (grey - 16) / 219;
	texel[3] = 1;
}

static uint8_t *texel_at(
	IOSurfaceRef surface, const struct double_pixels *pixels, size_t x, size_t y)
{
	return double_surface_of(surface)->memory + y * IOSurfaceGetBytesPerRow(surface) +
	       x * pixels->bytes;
}

/* ---- colours and images ---- */

@interface DoubleColor : CIColor {
      @public
	double color[4]; /* with straight alpha */
}
@end

@implementation CIColor
+ (instancetype)colorWithRed:(CGFloat)red
		       green:(CGFloat)green
			blue:(CGFloat)blue
		       alpha:(CGFloat)alpha
{
	const double color[4] = {red, green, blue, alpha};
	DoubleColor *result = [[[DoubleColor alloc] init] autorelease];

	memcpy(result->color, color, sizeof(color));
	return result;
}
@end

@implementation DoubleColor
@end

@interface DoubleImage : CIImage {
      @public
	double color[4]; /* with premultiplied alpha; for an image without a surface */
	IOSurfaceRef surface;
	CGRect extent;
}
- (void)read:(double[4])texel x:(double)x y:(double)y;
@end

@implementation CIImage
@dynamic extent;

+ (CIImage *)imageWithColor:(CIColor *)color
{
	DoubleImage *image = [[[DoubleImage alloc] init] autorelease];
	const double *straight = ((DoubleColor *)color)->color;

	for (int i = 0; i < 4; i++)
		image->color[i] = straight[i] * (i < 3 ? straight[3] : 1);
	image->extent = CGRectMake(-1e9, -1e9, 2e9, 2e9);
	return image;
}

+ (CIImage *)imageWithIOSurface:(IOSurfaceRef)surface
{
	return [self imageWithIOSurface:surface options:nil];
}

+ (CIImage *)imageWithIOSurface:(IOSurfaceRef)surface options:(NSDictionary *)options
{
	DoubleImage *image;
	bool full;

	(void)options;
	if (!pixels_of(surface) && !is_video(surface, &full))
		return nil;
	image = [[[DoubleImage alloc] init] autorelease];
	image->surface = (IOSurfaceRef)CFRetain(surface);
	image->extent = CGRectMake(
		0, 0, (double)IOSurfaceGetWidth(surface), (double)IOSurfaceGetHeight(surface));
	return image;
}

- (CIImage *)imageByCroppingToRect:(CGRect)rect
{
	DoubleImage *from = (DoubleImage *)self;
	DoubleImage *image = [[[DoubleImage alloc] init] autorelease];

	memcpy(image->color, from->color, sizeof(image->color));
	image->surface = from->surface ? (IOSurfaceRef)CFRetain(from->surface) : NULL;
	image->extent = rect; /* the callers crop to a rectangle within the image */
	return image;
}
@end

@implementation DoubleImage
- (void)dealloc
{
	if (surface)
		CFRelease(surface);
	[super dealloc];
}

- (CGRect)extent
{
	return extent;
}

/* Reads a texel as a colour with premultiplied alpha. y counts from the bottom. */
- (void)read:(double[4])texel x:(double)x y:(double)y
{
	if (x < extent.origin.x || x >= extent.origin.x + extent.size.width ||
		y < extent.origin.y || y >= extent.origin.y + extent.size.height)
		memset(texel, 0, 4 * sizeof(*texel));
	else if (!surface)
		memcpy(texel, color, 4 * sizeof(*texel));
	else if (!pixels_of(surface))
		read_video(surface, (size_t)x, IOSurfaceGetHeight(surface) - 1 - (size_t)y, texel);
	else
		double_texel_read(pixels_of(surface),
			texel_at(surface, pixels_of(surface), (size_t)x,
				IOSurfaceGetHeight(surface) - 1 - (size_t)y),
			texel);
}
@end

/* ---- destinations ---- */

@interface DoubleDestination : CIRenderDestination {
      @public
	IOSurfaceRef surface;
	CIRenderDestinationAlphaMode alphaMode;
	CGColorSpaceRef colorSpace;
}
@end

@implementation CIRenderDestination
@dynamic width, height, alphaMode, colorSpace;

+ (instancetype)alloc
{
	return self == [CIRenderDestination class] ? [DoubleDestination alloc] : [super alloc];
}

- (instancetype)initWithIOSurface:(IOSurface *)surface
{
	(void)surface;
	double_die("a destination of no class");
}
@end

@implementation DoubleDestination
- (instancetype)initWithIOSurface:(IOSurface *)anIOSurface
{
	IOSurfaceRef ref = (IOSurfaceRef)anIOSurface;

	if (!pixels_of(ref)) {
		[self release];
		return nil;
	}
	surface = (IOSurfaceRef)CFRetain(ref);
	alphaMode = CIRenderDestinationAlphaPremultiplied;
	return self;
}

- (void)dealloc
{
	if (surface)
		CFRelease(surface);
	CGColorSpaceRelease(colorSpace);
	[super dealloc];
}

- (NSUInteger)width
{
	return IOSurfaceGetWidth(surface);
}

- (NSUInteger)height
{
	return IOSurfaceGetHeight(surface);
}

- (CIRenderDestinationAlphaMode)alphaMode
{
	return alphaMode;
}

- (void)setAlphaMode:(CIRenderDestinationAlphaMode)mode
{
	alphaMode = mode;
}

- (CGColorSpaceRef)colorSpace
{
	return colorSpace;
}

- (void)setColorSpace:(CGColorSpaceRef)space
{
	if (space)
		CFRetain(space);
	CGColorSpaceRelease(colorSpace);
	colorSpace = space;
}
@end

/* ---- tasks ---- */

@implementation CIRenderInfo
- (NSInteger)passCount
{
	return 1;
}
@end

@interface DoubleTask : CIRenderTask {
      @public
	DoubleImage *image;
	DoubleDestination *destination;
	CGRect rect;
	CGPoint point;
}
@end

@implementation CIRenderTask
- (CIRenderInfo *)waitUntilCompletedAndReturnError:(NSError **)error
{
	(void)error;
	double_die("a task of no class");
}
@end

static NSError *error_of(const char *text)
{
	NSString *domain = [NSString stringWithUTF8String:"CIErrorDomain"];

	return [[[DoubleError alloc] initWithDomain:domain code:7 text:text] autorelease];
}

static void write_texel(const struct double_pixels *pixels, CIRenderDestinationAlphaMode mode,
	double color[4], void *texel)
{
	for (int i = 0; i < 3 && mode == CIRenderDestinationAlphaUnpremultiplied; i++)
		color[i] = color[3] > 0 ? color[i] / color[3] : 0;
	if (mode == CIRenderDestinationAlphaNone)
		color[3] = 1;
	double_pixels_clear(pixels, color, texel);
}

@implementation DoubleTask
- (void)dealloc
{
	[image release];
	[destination release];
	[super dealloc];
}

- (CIRenderInfo *)waitUntilCompletedAndReturnError:(NSError **)error
{
	IOSurfaceRef surface = destination->surface;
	const struct double_pixels *pixels = pixels_of(surface);
	const size_t height = IOSurfaceGetHeight(surface);

	if (double_fails("waitUntilCompleted")) {
		*error = error_of("the GPU gave up");
		return nil;
	}
	for (size_t y = 0; y < (size_t)rect.size.height; y++)
		for (size_t x = 0; x < (size_t)rect.size.width; x++) {
			double color[4];

			[image read:color x:rect.origin.x + (double)x y:rect.origin.y + (double)y];
			write_texel(pixels, destination->alphaMode, color,
				texel_at(surface, pixels, x + (size_t)point.x,
					height - 1 - y - (size_t)point.y));
		}
	double_surface_changed(double_surface_of(surface));
	return [[[CIRenderInfo alloc] init] autorelease];
}
@end

@implementation CIContext
+ (CIContext *)contextWithMTLDevice:(id<MTLDevice>)device
{
	if (![(id)device isKindOfClass:[DoubleDevice class]])
		double_die("a context on no device");
	return [[[self alloc] init] autorelease];
}

- (CIRenderTask *)startTaskToRender:(CIImage *)image
			   fromRect:(CGRect)rect
		      toDestination:(CIRenderDestination *)destination
			    atPoint:(CGPoint)point
			      error:(NSError **)error
{
	DoubleTask *task;

	if (double_fails("startTaskToRender")) {
		*error = error_of("no such destination");
		return nil;
	}
	if (rect.size.width + point.x > (double)destination.width ||
		rect.size.height + point.y > (double)destination.height)
		double_die("a task renders over the edge of its destination");
	task = [[[DoubleTask alloc] init] autorelease];
	task->image = (DoubleImage *)[image retain];
	task->destination = (DoubleDestination *)[destination retain];
	task->rect = rect;
	task->point = point;
	return task;
}
@end
