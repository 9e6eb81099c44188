/* How many bytes an NVIDIA GPU has moved over PCIe, by its own counters. */
#ifndef BENCH_PCIECOUNT_H
#define BENCH_PCIECOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct pcie_bytes {
	double sent, received; /* by the GPU */
};

/* Finds the GPU with this UUID; false if there is no NVML or it counts nothing, and why. */
bool pcie_open(const uint8_t uuid[16], const char **why);

/* Begins to count, and how many since then. */
void pcie_begin(void);
struct pcie_bytes pcie_end(void);

/* "counters", or "sampled" where the driver has only a rate. */
const char *pcie_method(void);

#endif
