/* SPDX-License-Identifier: MIT */
/*
 * All of src/ipc that core and stream may use. They include this file, and none of the others.
 *
 * Each part may use those above it in this list:
 *	wire/      handles, messages and packets: bytes, and nothing else
 *	registry/  the directory by which processes find each other
 *	surface/   IOSurfaces on their way to another process
 *	loop/      the thread "geyser-ipc"
 *	exporter/  answers other processes
 *	importer/  asks other processes, or the exporter of its own
 *	process/   loop, exporter and importer of one process, and fork
 *	lookup/    requests that need no manager
 */
#ifndef GY_IPC_IPC_H
#define GY_IPC_IPC_H

#include "ipc/exporter/exporter.h"
#include "ipc/exporter/reply.h"
#include "ipc/importer/death.h"
#include "ipc/importer/import.h"
#include "ipc/importer/peer.h"
#include "ipc/lookup/lookup.h"
#include "ipc/lookup/queries.h"
#include "ipc/loop/chores.h"
#include "ipc/process/process.h"
#include "ipc/registry/files.h"
#include "ipc/registry/links.h"
#include "ipc/registry/names.h"
#include "ipc/registry/registry.h"
#include "ipc/surface/surface.h"
#include "ipc/wire/wire.h"

#endif
