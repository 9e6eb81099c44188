/* Counts the bytes that an NVIDIA GPU moves over PCIe, by its own counters. */
#ifndef BENCH_PCIECOUNT_H
#define BENCH_PCIECOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct pcie_bytes {
	double sent, received; /* bytes that the GPU sent and received */
};

/* Finds the GPU with this UUID. Returns false and the reason if there is no NVML, or if it counts
 * nothing. */
bool pcie_open(const uint8_t uuid[16], const char **why);

/* pcie_begin begins to count; pcie_end returns the bytes since then. */
void pcie_begin(void);
struct pcie_bytes pcie_end(void);

/* Returns "counters", or "sampled" if the driver has only a rate. */
const char *pcie_method(void);

#endif
