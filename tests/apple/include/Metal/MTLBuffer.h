/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLBUFFER_H
#define GY_APPLE_MTLBUFFER_H

#include <Metal/MTLTexture.h>

#pragma clang assume_nonnull begin

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLBuffer <MTLResource>
@property(readonly) NSUInteger length;
- (void *)contents;
- (void)didModifyRange:(NSRange)range API_AVAILABLE(macos(10.11))API_UNAVAILABLE(ios);
- (nullable id<MTLTexture>)newTextureWithDescriptor:(MTLTextureDescriptor *)descriptor
					     offset:(NSUInteger)offset
					bytesPerRow:(NSUInteger)bytesPerRow
	API_AVAILABLE(macos(10.13), ios(8.0));
@end

#pragma clang assume_nonnull end

#endif
