/* SPDX-License-Identifier: MIT */
/* Everything is available from the double; what an older system lacks, the Apple triples prove. */
#ifndef GY_DOUBLE_AVAILABILITY_H
#define GY_DOUBLE_AVAILABILITY_H

#define API_AVAILABLE(...)
#define API_UNAVAILABLE(...)
#define API_DEPRECATED(...)

#endif
