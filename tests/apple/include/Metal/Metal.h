/* SPDX-License-Identifier: MIT */
/* The part of Metal that geyser uses, written from its public documentation. Objective-C only. */
#ifndef GY_APPLE_METAL_H
#define GY_APPLE_METAL_H

#include <Metal/MTLBuffer.h>
#include <Metal/MTLCommandBuffer.h>
#include <Metal/MTLCommandEncoder.h>
#include <Metal/MTLDevice.h>
#include <Metal/MTLEvent.h>
#include <Metal/MTLPixelFormat.h>
#include <Metal/MTLRenderPass.h>
#include <Metal/MTLResource.h>
#include <Metal/MTLTexture.h>
#include <Metal/MTLTypes.h>

#endif
