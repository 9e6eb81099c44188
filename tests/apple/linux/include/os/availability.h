/* SPDX-License-Identifier: MIT */
/* All functions are available from the double. Builds for Apple's targets check what older systems
 * lack. */
#ifndef GY_DOUBLE_AVAILABILITY_H
#define GY_DOUBLE_AVAILABILITY_H

#define API_AVAILABLE(...)
#define API_UNAVAILABLE(...)
#define API_DEPRECATED(...)

#endif
