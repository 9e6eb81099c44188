/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLCOMMANDENCODER_H
#define GY_APPLE_MTLCOMMANDENCODER_H

#include <Metal/MTLBuffer.h>
#include <Metal/MTLRenderPass.h>

#pragma clang assume_nonnull begin

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLCommandEncoder <NSObject>
@property(readonly) id<MTLDevice> device;
@property(nullable, copy, atomic) NSString *label;
- (void)endEncoding;
@end

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLRenderCommandEncoder <MTLCommandEncoder>
@end

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLBlitCommandEncoder <MTLCommandEncoder>
- (void)copyFromTexture:(id<MTLTexture>)sourceTexture
	      sourceSlice:(NSUInteger)sourceSlice
	      sourceLevel:(NSUInteger)sourceLevel
	     sourceOrigin:(MTLOrigin)sourceOrigin
	       sourceSize:(MTLSize)sourceSize
		toTexture:(id<MTLTexture>)destinationTexture
	 destinationSlice:(NSUInteger)destinationSlice
	 destinationLevel:(NSUInteger)destinationLevel
	destinationOrigin:(MTLOrigin)destinationOrigin;
- (void)copyFromBuffer:(id<MTLBuffer>)sourceBuffer
	       sourceOffset:(NSUInteger)sourceOffset
	  sourceBytesPerRow:(NSUInteger)sourceBytesPerRow
	sourceBytesPerImage:(NSUInteger)sourceBytesPerImage
		 sourceSize:(MTLSize)sourceSize
		  toTexture:(id<MTLTexture>)destinationTexture
	   destinationSlice:(NSUInteger)destinationSlice
	   destinationLevel:(NSUInteger)destinationLevel
	  destinationOrigin:(MTLOrigin)destinationOrigin;
- (void)copyFromTexture:(id<MTLTexture>)sourceTexture
		     sourceSlice:(NSUInteger)sourceSlice
		     sourceLevel:(NSUInteger)sourceLevel
		    sourceOrigin:(MTLOrigin)sourceOrigin
		      sourceSize:(MTLSize)sourceSize
			toBuffer:(id<MTLBuffer>)destinationBuffer
	       destinationOffset:(NSUInteger)destinationOffset
	  destinationBytesPerRow:(NSUInteger)destinationBytesPerRow
	destinationBytesPerImage:(NSUInteger)destinationBytesPerImage;
- (void)copyFromBuffer:(id<MTLBuffer>)sourceBuffer
	     sourceOffset:(NSUInteger)sourceOffset
		 toBuffer:(id<MTLBuffer>)destinationBuffer
	destinationOffset:(NSUInteger)destinationOffset
		     size:(NSUInteger)size;
- (void)fillBuffer:(id<MTLBuffer>)buffer range:(NSRange)range value:(uint8_t)value;
/* Makes the GPU's writes to a managed resource visible to the CPU. */
- (void)synchronizeResource:(id<MTLResource>)resource API_AVAILABLE(macos(10.11))
				    API_UNAVAILABLE(ios);
@end

#pragma clang assume_nonnull end

#endif
