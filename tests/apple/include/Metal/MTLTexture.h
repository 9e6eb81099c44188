/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLTEXTURE_H
#define GY_APPLE_MTLTEXTURE_H

#include <IOSurface/IOSurfaceRef.h>
#include <Metal/MTLPixelFormat.h>
#include <Metal/MTLResource.h>

typedef NS_ENUM(NSUInteger, MTLTextureType) {
	MTLTextureType1D = 0,
	MTLTextureType1DArray = 1,
	MTLTextureType2D = 2,
	MTLTextureType2DArray = 3,
	MTLTextureType2DMultisample = 4,
	MTLTextureTypeCube = 5,
	MTLTextureTypeCubeArray API_AVAILABLE(macos(10.11), ios(11.0)) = 6,
	MTLTextureType3D = 7
};

typedef NS_OPTIONS(NSUInteger, MTLTextureUsage) {
	MTLTextureUsageUnknown = 0x0000,
	MTLTextureUsageShaderRead = 0x0001,
	MTLTextureUsageShaderWrite = 0x0002,
	MTLTextureUsageRenderTarget = 0x0004,
	MTLTextureUsagePixelFormatView = 0x0010
};

#pragma clang assume_nonnull begin

API_AVAILABLE(macos(10.11), ios(8.0))
@interface MTLTextureDescriptor : NSObject <NSCopying>
/* The descriptor is autoreleased. */
+ (MTLTextureDescriptor *)texture2DDescriptorWithPixelFormat:(MTLPixelFormat)pixelFormat
						       width:(NSUInteger)width
						      height:(NSUInteger)height
						   mipmapped:(BOOL)mipmapped;
@property(readwrite, nonatomic) MTLTextureType textureType;
@property(readwrite, nonatomic) MTLPixelFormat pixelFormat;
@property(readwrite, nonatomic) NSUInteger width;
@property(readwrite, nonatomic) NSUInteger height;
@property(readwrite, nonatomic) NSUInteger depth;
@property(readwrite, nonatomic) NSUInteger mipmapLevelCount;
@property(readwrite, nonatomic) NSUInteger sampleCount;
@property(readwrite, nonatomic) NSUInteger arrayLength;
@property(readwrite, nonatomic) MTLResourceOptions resourceOptions;
@property(readwrite, nonatomic) MTLCPUCacheMode cpuCacheMode API_AVAILABLE(macos(10.11), ios(9.0));
@property(readwrite, nonatomic) MTLStorageMode storageMode API_AVAILABLE(macos(10.11), ios(9.0));
@property(readwrite, nonatomic) MTLTextureUsage usage API_AVAILABLE(macos(10.11), ios(9.0));
@end

/* Only XPC can send a handle to another process. */
API_AVAILABLE(macos(10.14), ios(13.0))
@interface MTLSharedTextureHandle : NSObject <NSSecureCoding>
@property(readonly) id<MTLDevice> device;
@property(readonly, nullable) NSString *label;
@end

@protocol MTLBuffer;

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLTexture <MTLResource>
@property(readonly, nullable) IOSurfaceRef iosurface API_AVAILABLE(macos(10.11), ios(11.0));
@property(readonly) NSUInteger iosurfacePlane API_AVAILABLE(macos(10.11), ios(11.0));
@property(nullable, readonly) id<MTLBuffer> buffer API_AVAILABLE(macos(10.12), ios(9.0));
@property(readonly) NSUInteger bufferOffset API_AVAILABLE(macos(10.12), ios(9.0));
@property(readonly) NSUInteger bufferBytesPerRow API_AVAILABLE(macos(10.12), ios(9.0));
@property(readonly) MTLTextureType textureType;
@property(readonly) MTLPixelFormat pixelFormat;
@property(readonly) NSUInteger width;
@property(readonly) NSUInteger height;
@property(readonly) NSUInteger depth;
@property(readonly) NSUInteger mipmapLevelCount;
@property(readonly) NSUInteger sampleCount;
@property(readonly) NSUInteger arrayLength;
@property(readonly) MTLTextureUsage usage;
@property(readonly, getter=isShareable) BOOL shareable API_AVAILABLE(macos(10.14), ios(13.0));

- (void)getBytes:(void *)pixelBytes
	  bytesPerRow:(NSUInteger)bytesPerRow
	bytesPerImage:(NSUInteger)bytesPerImage
	   fromRegion:(MTLRegion)region
	  mipmapLevel:(NSUInteger)level
		slice:(NSUInteger)slice;
- (void)replaceRegion:(MTLRegion)region
	  mipmapLevel:(NSUInteger)level
		slice:(NSUInteger)slice
	    withBytes:(const void *)pixelBytes
	  bytesPerRow:(NSUInteger)bytesPerRow
	bytesPerImage:(NSUInteger)bytesPerImage;
- (void)getBytes:(void *)pixelBytes
	bytesPerRow:(NSUInteger)bytesPerRow
	 fromRegion:(MTLRegion)region
	mipmapLevel:(NSUInteger)level;
- (void)replaceRegion:(MTLRegion)region
	  mipmapLevel:(NSUInteger)level
	    withBytes:(const void *)pixelBytes
	  bytesPerRow:(NSUInteger)bytesPerRow;
- (nullable id<MTLTexture>)newTextureViewWithPixelFormat:(MTLPixelFormat)pixelFormat;
- (nullable MTLSharedTextureHandle *)newSharedTextureHandle API_AVAILABLE(macos(10.14), ios(13.0));
@end

#pragma clang assume_nonnull end

#endif
