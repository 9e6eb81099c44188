/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_IOSURFACE_H
#define GY_APPLE_IOSURFACE_H

#include <IOSurface/IOSurfaceRef.h>

#endif
