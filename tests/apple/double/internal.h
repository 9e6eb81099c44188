/* SPDX-License-Identifier: MIT */
/* Declarations that the files of the double share. */
#ifndef GY_DOUBLE_INTERNAL_H
#define GY_DOUBLE_INTERNAL_H

#include "ports.h"
#include "system.h"

#include <apple_double.h>

#include <IOSurface/IOSurface.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- live.c ---- */

/* double_die and double_fails are in ports.h. */
/* Adds `change` to the number of live objects of this kind. kind must stay valid for ever. */
void double_count(const char *kind, long change);
bool double_setting(const char *variable);
void *double_allocate(size_t bytes);

/* ---- device.m ---- */

enum double_gpu { DOUBLE_APPLE, DOUBLE_INTEL, DOUBLE_DISCRETE };
/* The GPU that GEYSER_DOUBLE_DEVICE names. */
enum double_gpu double_gpu(void);

/* ---- worker.c: a thread that runs tasks in order, for queues and listeners ---- */

struct double_worker;
struct double_worker *double_worker_create(void);
/* Queues the task. The worker's thread calls it once with its argument. */
void double_worker_run(struct double_worker *worker, void (*task)(void *), void *argument);
/* Waits until all tasks have run. A task may call this: the worker's thread then frees the worker.
 */
void double_worker_destroy(struct double_worker *worker);

/* ---- cf.c ---- */

struct double_type {
	const char *name;
	void (*destroy)(void *object); /* releases the members, but doesn't free the object */
};

/* The first member of each object that isn't an Objective-C object. */
struct double_object {
	const struct double_type *type;
	_Atomic long references; /* DOUBLE_FOR_EVER: the object isn't counted */
};
#define DOUBLE_FOR_EVER (-1L)

void *double_object_create(const struct double_type *type, size_t bytes);
/* Aborts if the object is NULL, of another type, or freed. */
void double_object_check(const void *object, const struct double_type *type);

struct __CFString {
	struct double_object object;
	char *characters;
};
extern const struct double_type double_string_type;
bool double_is_utf8(const char *text);

/* ---- surface.c ---- */

/* A surface of this process. All its IOSurfaceRefs share this struct. */
struct double_surface {
	struct double_surface *next;
	struct double_surface_page *page;
	unsigned references;
	int fd;
	uint8_t *cpu; /* the CPU's mapping; can be accessed only while the surface is locked */
	uint8_t *memory;
	uint8_t *gpu;   /* the memory, or a discrete GPU's copy of it */
	uint32_t seen;  /* the seed at which the copy was read */
	uint32_t drawn; /* a bit for each plane of which the copy has what the memory hasn't */
	unsigned read_locks;
	unsigned write_locks;
	int32_t use_count;
	int use_fd;
	CFMutableDictionaryRef values;
};

#define DOUBLE_PLANES_MAX 4

/* A plane of a surface; sizes in bytes but for width and height. */
struct double_surface_plane {
	uint64_t width, height, element_width, bytes_per_element, bytes_per_row, offset, size;
};

/* The first page of a surface's memory file. The pixels follow it. */
struct double_surface_page {
	uint64_t magic;
	uint32_t id;
	uint32_t fourcc;
	uint64_t width;
	uint64_t height;
	uint64_t bytes;
	_Atomic uint32_t seed;
	uint32_t global;
	uint32_t planes; /* 0 for a surface that isn't planar: plane[0] is the surface then */
	struct double_surface_plane plane[DOUBLE_PLANES_MAX];
	_Atomic uint32_t purgeable; /* kIOSurfacePurgeableNonVolatile or another state */
};

struct __IOSurface {
	struct double_object object;
	struct double_surface *surface;
};
extern const struct double_type double_surface_type;

struct double_surface *double_surface_of(IOSurfaceRef ref);
/* The property's number, or `missing`. Aborts if the property is no number. */
size_t double_number_of(CFDictionaryRef properties, CFStringRef key, size_t missing);
/* surface_planes.c: fills in width, height, bytes and planes from the properties. Returns false if
 * there can't be such a surface. */
bool double_surface_lay_out(CFDictionaryRef properties, struct double_surface_page *page);
/* Returns the plane, or NULL if there is none. Plane 0 of a surface that isn't planar is the
 * surface. */
const struct double_surface_plane *double_surface_plane_of(IOSurfaceRef ref, size_t plane);
/* How many elements a row of the plane has. */
size_t double_plane_elements(const struct double_surface_plane *plane);
/* surface_memory.c: returns the surface in that memory file, which then owns fd. Returns NULL if it
 * has none; the caller still owns fd then. */
struct double_surface *double_surface_open(int fd);
struct double_surface *double_surface_create(const struct double_surface_page *page);
struct double_surface *double_surface_find(IOSurfaceID id);
void double_surface_unref(struct double_surface *surface);
/* Returns a descriptor. The surface is in use as long as this descriptor, or a copy of it in any
 * process, is open. */
int double_surface_use(const struct double_surface *surface);
bool double_surface_in_use(const struct double_surface *surface);
/* A plane's texels as the GPU has them. It reads them anew if the memory has changed since it last
 * did: what it drew and didn't synchronize is lost then. */
uint8_t *double_surface_gpu(struct double_surface *surface, size_t plane, bool draws);
/* The CPU, or a GPU in a way that needs no synchronization, has changed the memory. */
void double_surface_changed(struct double_surface *surface);
/* Brings what the GPU drew on one plane into the memory. */
void double_surface_synchronize(struct double_surface *surface, size_t plane);
/* Overwrites the memory and the GPU's copy of it. */
void double_surface_discard(struct double_surface *surface);
/* Ends the program if the surface's contents may be discarded: nobody may use them then. */
void double_surface_check_kept(const struct double_surface *surface);
void double_surface_protect(const struct double_surface *surface);
void double_surfaces_lock(void);
void double_surfaces_unlock(void);
IOSurfaceRef double_surface_ref(struct double_surface *surface);

/* ---- ports.c ---- */

/* The first functions are in ports.h. */
/* Makes a port with that address. errno is EADDRINUSE if another port has the address. */
mach_port_t double_port_bind(const char *address);
/* Returns a duplicate of the receive right's socket, or -1, and the socket's address. */
int double_port_receiver(mach_port_t name, char address[DOUBLE_ADDRESS]);
bool double_port_consume(mach_port_t name, enum double_right right);
bool double_address_lives(const char *address);
int double_address_connect(const char *address);
void double_notify_unused(const char *address);

/* ---- xpc.c ---- */

xpc_object_t double_xpc_create(int fd);
int double_xpc_fd(xpc_object_t object);

#endif
