/* Shows that a frame handed over on one GPU doesn't cross PCIe: the GPU counts its own bytes. */
#include <stdio.h>
#include <unistd.h>

#include "pciecount.h"
#include "vkframes.h"

#define FRAMES 1000
#define FRAMES_QUICK 200

static double bytes_of(struct frames *frames, bool ours, size_t count)
{
	const struct frames_turn turn = {.ours = ours, .frames = count};
	struct pcie_bytes bytes;

	pcie_begin();
	(void)frames_take_turn(frames, &turn);
	bytes = pcie_end();
	return (bytes.sent + bytes.received) / (double)count;
}

/* Returns how many bytes the GPU moves while both processes rest: for other users and for the
 * driver itself. */
static double bytes_at_rest(void)
{
	struct pcie_bytes bytes;

	pcie_begin();
	(void)sleep(1);
	bytes = pcie_end();
	return bytes.sent + bytes.received;
}

static void measure(struct frames *frames, size_t count, struct results *results)
{
	double ours, floor;
	char name[64];

	(void)bytes_of(frames, true, 10); /* warms both processes up */
	(void)bytes_of(frames, false, 10);
	ours = bytes_of(frames, true, count);
	floor = bytes_of(frames, false, count);
	(void)snprintf(name, sizeof(name), "PCIe a frame, by %s", pcie_method());
	results_add_pair(results, name, UNIT_BYTES, ours, floor);
	results_add_pair(results, "PCIe a frame, geyser, to its size", UNIT_BYTES, ours,
		(double)VKHAND_SIZE);
	results_add_pair(results, "PCIe a frame, by hand, to its size", UNIT_BYTES, floor,
		(double)VKHAND_SIZE);
	results_add_pair(
		results, "PCIe a second at rest", UNIT_BYTES, bytes_at_rest(), (double)VKHAND_SIZE);
}

static void run(const struct settings *settings, struct results *results)
{
	struct frames frames = {.writer_gpu = true, .reader_gpu = true};
	const char *why;

	if (!frames_start(&frames, &why)) {
		results_add_missing(results, "PCIe a frame", why);
		return;
	}
	results_add_text(results, "pcie: device", frames.hand.name);
	if (pcie_open(frames.hand.uuid, &why))
		measure(&frames, settings->quick ? FRAMES_QUICK : FRAMES, results);
	else
		results_add_missing(results, "PCIe a frame", why);
	frames_stop(&frames);
}

void bench_pcie(const struct settings *settings, struct results *results)
{
	run_apart(run, settings, results);
}
