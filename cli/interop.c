/*
 * geyser info --interop: the table of docs/interop.md for this machine. It asks the drivers, and
 * asks the library by which path each API reaches a frame in host memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "interop.h"

#include "json.h"
#include "wrap.h"

#include <string.h>

#ifdef GEYSER_HAVE_VULKAN
#include <geyser/vulkan.h>
#endif
#ifdef GEYSER_HAVE_METAL
#include <geyser/metal.h>
#endif
#ifdef GEYSER_HAVE_CUDA
#include <geyser/cuda.h>
#endif

static const char *const names[INTEROP_APIS] = {
	"host", "vulkan", "opengl", "cuda", "metal", "numpy", "pytorch"};

/* How a consumer waits for a producer, the quickest way first. */
enum order { ORDER_GPU, ORDER_BRIDGE, ORDER_FENCE, ORDER_CPU };

static const char *const order_names[] = {"gpu", "bridge", "fence", "cpu"};

/* How frames get from one API to another. */
struct cell {
	bool possible;
	enum geyser_path path;
	enum order order;
};

struct report {
	struct interop_side sides[INTEROP_APIS];
	struct cell cells[INTEROP_PRODUCERS][INTEROP_APIS];
};

/* ---- what there is -------------------------------------------------------------------------- */

static void ask_host(struct interop_side *out)
{
	out->available = geyser_backend_available(GEYSER_BACKEND_HOST) == GEYSER_OK;
	if (!out->available) {
		(void)snprintf(out->reason, sizeof(out->reason), "%s", geyser_error_detail());
		return;
	}
	(void)snprintf(out->detail, sizeof(out->detail), "sealed memory, events by futex");
	interop_ask_frame("host", NULL, interop_texture_path, NULL, out);
}

static void refuse(struct interop_side *out)
{
	(void)snprintf(out->reason, sizeof(out->reason), "%s", geyser_error_detail());
}

#ifdef GEYSER_HAVE_VULKAN
static void describe_vulkan(const struct geyser_vulkan_info *info, struct report *out)
{
	struct interop_side *side = &out->sides[INTEROP_VULKAN];

	side->available = true;
	side->device_known = true;
	(void)memcpy(side->device_uuid, info->device_uuid, sizeof(side->device_uuid));
	side->device_memory = info->opaque_fd;
	side->native = info->native_events;
	(void)snprintf(side->detail, sizeof(side->detail), "%.120s, %.120s; %s", info->name,
		info->driver,
		info->native_events ? "timeline semaphores between processes"
				    : "events bridged by threads");
}
#endif

static void ask_vulkan(struct report *out)
{
	struct interop_side *side = &out->sides[INTEROP_VULKAN];
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_VULKAN};
	struct geyser_manager *manager;

	if (geyser_manager_create(&desc, &manager)) {
		refuse(side);
		return;
	}
#ifdef GEYSER_HAVE_VULKAN
	struct geyser_vulkan_info info;

	if (geyser_vulkan_get_info(manager, &info) == GEYSER_OK)
		describe_vulkan(&info, out);
	interop_ask_frame("vulkan", manager, interop_texture_path, NULL, side);
#endif
	geyser_manager_destroy(manager);
}

static void ask_metal(struct interop_side *out)
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_METAL};
	struct geyser_manager *manager;

	if (geyser_manager_create(&desc, &manager)) {
		refuse(out);
		return;
	}
	out->available = true;
#ifdef GEYSER_HAVE_METAL
	struct geyser_metal_info info;

	if (geyser_metal_get_info(manager, &info) == GEYSER_OK)
		(void)snprintf(out->detail, sizeof(out->detail),
			"%.120s; IOSurfaces, events bridged by threads", info.name);
#endif
	interop_ask_frame("metal", manager, interop_texture_path, NULL, out);
	geyser_manager_destroy(manager);
}

#ifdef GEYSER_HAVE_CUDA
static enum geyser_result cuda_path(struct geyser_texture *frame, void *data, enum geyser_path *out)
{
	struct geyser_cuda_texture texture;
	const enum geyser_result result = geyser_cuda_texture(frame, &texture);

	(void)data;
	*out = texture.path;
	return result;
}
#endif

/* Asks CUDA about the GPU that Vulkan uses, or about CUDA's first GPU if CUDA doesn't have that
 * one. */
static void ask_cuda(const struct interop_side *vulkan, struct interop_side *out)
{
#ifdef GEYSER_HAVE_CUDA
	struct geyser_cuda_info info;
	uint32_t chosen = 0;

	if (geyser_cuda_get_info(&info)) {
		refuse(out);
		return;
	}
	for (uint32_t i = 0; i < info.device_count && vulkan->device_known; i++) {
		if (memcmp(info.devices[i].uuid, vulkan->device_uuid, 16) == 0)
			chosen = i;
	}
	out->available = out->device_known = true;
	(void)memcpy(out->device_uuid, info.devices[chosen].uuid, sizeof(out->device_uuid));
	out->device_memory = out->native = true;
	(void)snprintf(out->detail, sizeof(out->detail), "%.90s, CUDA %d.%d; external semaphores",
		info.devices[chosen].name, info.driver_version / 1000,
		info.driver_version % 1000 / 10);
	interop_ask_frame("cuda", NULL, cuda_path, NULL, out);
#else
	(void)vulkan;
	(void)snprintf(out->reason, sizeof(out->reason), "this build of geyser has no CUDA");
#endif
}

/* An API on another device than Vulkan's can't use the Vulkan device's memory and semaphores. */
static void keep_to_device(const struct interop_side *vulkan, struct interop_side *side)
{
	const bool same = vulkan->available && side->available &&
			  (!side->device_known || memcmp(side->device_uuid, vulkan->device_uuid,
							  sizeof(side->device_uuid)) == 0);

	side->device_memory &= same && vulkan->device_memory;
	side->native &= same && vulkan->native;
}

/* NumPy reads what the CPU maps. PyTorch reads what CUDA has, or without CUDA the same as NumPy. */
static void derive(struct report *out)
{
	struct interop_side *sides = out->sides;

	sides[INTEROP_NUMPY] = sides[INTEROP_HOST];
	(void)snprintf(sides[INTEROP_NUMPY].detail, sizeof(sides[INTEROP_NUMPY].detail),
		"what the CPU maps");
	sides[INTEROP_PYTORCH] =
		sides[INTEROP_CUDA].device_memory ? sides[INTEROP_CUDA] : sides[INTEROP_HOST];
	(void)snprintf(sides[INTEROP_PYTORCH].detail, sizeof(sides[INTEROP_PYTORCH].detail), "%s",
		sides[INTEROP_CUDA].device_memory
			? "CUDA tensors: zero-copy of GEYSER_USAGE_LINEAR textures, else a blit"
			: "tensors on the CPU");
}

static void ask(struct report *out)
{
	struct interop_side *sides = out->sides;
	const struct interop_side *vulkan = &sides[INTEROP_VULKAN];

	ask_host(&sides[INTEROP_HOST]);
	ask_vulkan(out);
	interop_ask_gl(vulkan->device_known ? vulkan->device_uuid : NULL, &sides[INTEROP_OPENGL]);
	ask_cuda(vulkan, &sides[INTEROP_CUDA]);
	ask_metal(&sides[INTEROP_METAL]);
	keep_to_device(vulkan, &sides[INTEROP_OPENGL]);
	keep_to_device(vulkan, &sides[INTEROP_CUDA]);
	derive(out);
}

/* ---- what follows from it ------------------------------------------------------------------- */

static bool is_cpu(enum interop_api api)
{
	return api == INTEROP_HOST || api == INTEROP_NUMPY;
}

static bool reaches_device(const struct report *report, enum interop_api api)
{
	return !is_cpu(api) && report->sides[api].device_memory;
}

/* Whether a producer's frames are in a device's memory by default. */
static bool makes_device_memory(const struct report *report, enum interop_api from)
{
	return from != INTEROP_METAL && reaches_device(report, from);
}

static bool makes_host_memory(const struct report *report, enum interop_api from)
{
	return from != INTEROP_METAL && !makes_device_memory(report, from);
}

static enum order order_of(const struct report *report, enum interop_api api)
{
	if (is_cpu(api) || (api == INTEROP_PYTORCH && !report->sides[api].device_memory))
		return ORDER_CPU;
	if (report->sides[api].native)
		return ORDER_GPU;
	return api == INTEROP_OPENGL ? ORDER_FENCE : api == INTEROP_CUDA ? ORDER_CPU : ORDER_BRIDGE;
}

/* Returns the slower way of the two sides: it is the one that both have. */
static enum order order_between(
	const struct report *report, enum interop_api from, enum interop_api to)
{
	const enum order ours = order_of(report, from), theirs = order_of(report, to);

	return ours > theirs ? ours : theirs;
}

/* Returns the path of frames in a device's memory, in the layout that the driver prefers. A tensor
 * needs rows, so PyTorch needs a copy. */
static enum geyser_path path_from_device(const struct report *report, enum interop_api to)
{
	if (!reaches_device(report, to))
		return GEYSER_PATH_COPY;
	return to == INTEROP_PYTORCH ? GEYSER_PATH_BLIT : GEYSER_PATH_ZERO_COPY;
}

/* Returns the path of frames in host memory: the slower one of both sides. A producer writes a
 * frame by the same path as it reads one. */
static enum geyser_path path_from_host(
	const struct interop_side *producer, const struct interop_side *consumer)
{
	return producer->host_path > consumer->host_path ? producer->host_path
							 : consumer->host_path;
}

static struct cell work_out(const struct report *report, enum interop_api from, enum interop_api to)
{
	const struct interop_side *producer = &report->sides[from], *consumer = &report->sides[to];
	struct cell cell = {.possible = producer->available && consumer->available};

	/* Metal's frames are IOSurfaces, which the CPU can map. */
	if (from == INTEROP_METAL)
		cell.possible &= to == INTEROP_METAL || is_cpu(to) || to == INTEROP_PYTORCH;
	else if (makes_device_memory(report, from))
		cell.path = path_from_device(report, to);
	else
		cell.path = path_from_host(producer, consumer);
	if (makes_host_memory(report, from))
		cell.possible &= producer->host_known && consumer->host_known;
	if (cell.possible)
		cell.order = order_between(report, from, to);
	return cell;
}

/* ---- as text -------------------------------------------------------------------------------- */

static void print_matrix(const struct report *report, bool orders)
{
	(void)fprintf(answers(), "\n%-9s", orders ? "ordered" : "path");
	for (size_t to = 0; to < INTEROP_APIS; to++)
		(void)fprintf(answers(), to + 1 < INTEROP_APIS ? " %-9s" : " %s", names[to]);
	(void)fputc('\n', answers());
	for (size_t from = 0; from < INTEROP_PRODUCERS; from++) {
		(void)fprintf(answers(), "%-9s", names[from]);
		for (size_t to = 0; to < INTEROP_APIS; to++) {
			const struct cell *const cell = &report->cells[from][to];

			(void)fprintf(answers(), " %-9s",
				!cell->possible ? "-"
				: orders        ? order_names[cell->order]
						: path_name(cell->path));
		}
		(void)fputc('\n', answers());
	}
}

static void print_text(const struct report *report)
{
	for (size_t i = 0; i < INTEROP_APIS; i++) {
		const struct interop_side *const side = &report->sides[i];
		char head[16];

		(void)snprintf(head, sizeof(head), "%-9s ", names[i]);
		print_wrapped(
			head, side->available ? side->detail : side->reason, output_width(), "\n");
	}
	(void)fprintf(answers(), "%s\n",
		"\nFrom each row's frames, as it makes them by default, to each column:");
	print_matrix(report, false);
	print_matrix(report, true);
	(void)fprintf(answers(), "%s\n",
		"\nzero-copy: the same memory; blit: copied on the GPU; copy: through host memory\n"
		"gpu: the GPUs wait for each other; bridge: a thread of geyser's carries values\n"
		"between GPU and event; fence: the CPU waits for OpenGL's fence; cpu: one side's\n"
		"CPU waits for the event. docs/interop.md says more.");
}

/* ---- as JSON -------------------------------------------------------------------------------- */

static void write_side(struct json *json, const char *name, const struct interop_side *side)
{
	json_begin(json, NULL, '{');
	json_string(json, "name", name);
	json_bool(json, "available", side->available);
	json_string(json, "detail", side->available ? side->detail : NULL);
	json_string(json, "reason", side->available ? NULL : side->reason);
	json_end(json, '}');
}

static void write_cell(struct json *json, const char *from, const char *to, const struct cell *cell)
{
	json_begin(json, NULL, '{');
	json_string(json, "from", from);
	json_string(json, "to", to);
	json_string(json, "path", cell->possible ? path_name(cell->path) : NULL);
	json_string(json, "ordered", cell->possible ? order_names[cell->order] : NULL);
	json_end(json, '}');
}

static void print_json(const struct report *report)
{
	struct json json = {.file = answers()};

	json_begin(&json, NULL, '{');
	json_begin(&json, "apis", '[');
	for (size_t i = 0; i < INTEROP_APIS; i++)
		write_side(&json, names[i], &report->sides[i]);
	json_end(&json, ']');
	json_begin(&json, "paths", '[');
	for (size_t from = 0; from < INTEROP_PRODUCERS; from++) {
		for (size_t to = 0; to < INTEROP_APIS; to++)
			write_cell(&json, names[from], names[to], &report->cells[from][to]);
	}
	json_end(&json, ']');
	json_end(&json, '}');
}

int interop_run(bool json)
{
	static struct report report;

	ask(&report);
	for (size_t from = 0; from < INTEROP_PRODUCERS; from++) {
		for (size_t to = 0; to < INTEROP_APIS; to++)
			report.cells[from][to] =
				work_out(&report, (enum interop_api)from, (enum interop_api)to);
	}
	if (json)
		print_json(&report);
	else
		print_text(&report);
	return finish_output();
}
