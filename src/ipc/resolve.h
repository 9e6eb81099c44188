/* Ids to handles; needs no manager. */
#ifndef GY_IPC_RESOLVE_H
#define GY_IPC_RESOLVE_H

#include <geyser/geyser.h>

/* Errors: as geyser_handle_from_id. */
enum geyser_result gy_resolve(uint32_t id, uint64_t timeout_ns, struct geyser_handle *out);

#endif
