/* SPDX-License-Identifier: MIT */
/*
 * A descriptor in reserve. When this process has no free descriptor left, the exporter closes the
 * spare one, and uses its place to refuse a peer or to answer one.
 */
#ifndef GY_IPC_EXPORTER_SPARE_H
#define GY_IPC_EXPORTER_SPARE_H

#include <stdbool.h>

struct gy_spare {
	int fd; /* -1: there is none */
};

#define GY_NO_SPARE ((struct gy_spare){.fd = -1})

/* Closes the spare descriptor, so that another descriptor can take its place. False if there is
 * none. Call gy_spare_restore when that descriptor is closed. */
bool gy_spare_lend(struct gy_spare *spare);

/* Opens the spare descriptor, if there is none and a descriptor is free. */
void gy_spare_restore(struct gy_spare *spare);

void gy_spare_close(struct gy_spare *spare);

#endif
