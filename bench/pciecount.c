/* Opens NVML at run time and needs none of its headers: the parts of it that are used are declared
 * here after its public reference. */
#include "pciecount.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "bench.h"

/* NVML_FI_DEV_PCIE_COUNT_TX_BYTES and _RX_BYTES: since driver 565 */
#define FIELD_SENT 197
#define FIELD_RECEIVED 198

/* nvmlPcieUtilCounter_t, of the rate in KB/s over 20 ms */
enum { RATE_SENT = 0, RATE_RECEIVED = 1 };

/* nvmlFieldValue_t */
struct field {
	unsigned id, scope;
	long long time, latency;
	int type, result;
	union {
		double real;
		unsigned narrow;
		unsigned long long wide;
	} value;
};

/* nvmlValueType_t */
enum { TYPE_UNSIGNED_INT = 1, TYPE_UNSIGNED_LONG = 2, TYPE_UNSIGNED_LONG_LONG = 3 };

static struct {
	void *library; /* never closed */
	int (*init)(void);
	int (*by_uuid)(const char *uuid, void **device);
	int (*fields)(void *device, int count, struct field *fields);
	int (*rate)(void *device, int counter, unsigned *out);
	void *device;
	bool counts;    /* the GPU counts bytes; false: it has only rates */
	bool narrow;    /* the counters have 32 bits: 4 GiB pass in 70 ms */
	double last[2]; /* the values of the counters at the last look */

	pthread_t sampler;
	atomic_bool sampling;
	uint64_t start;
	double sum[2];
	size_t samples;
} nvml;

static bool load(void)
{
	nvml.library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
	if (!nvml.library)
		return false;
	*(void **)&nvml.init = dlsym(nvml.library, "nvmlInit_v2");
	*(void **)&nvml.by_uuid = dlsym(nvml.library, "nvmlDeviceGetHandleByUUID");
	*(void **)&nvml.fields = dlsym(nvml.library, "nvmlDeviceGetFieldValues");
	*(void **)&nvml.rate = dlsym(nvml.library, "nvmlDeviceGetPcieThroughput");
	return nvml.init && nvml.by_uuid && nvml.fields && nvml.rate && nvml.init() == 0;
}

static bool read_counters(double out[2])
{
	struct field fields[2] = {{.id = FIELD_SENT}, {.id = FIELD_RECEIVED}};

	if (nvml.fields(nvml.device, 2, fields) != 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (fields[i].result != 0 || fields[i].type < TYPE_UNSIGNED_INT ||
			fields[i].type > TYPE_UNSIGNED_LONG_LONG)
			return false;
		nvml.narrow = fields[i].type == TYPE_UNSIGNED_INT;
		out[i] = nvml.narrow ? fields[i].value.narrow : (double)fields[i].value.wide;
	}
	return true;
}

bool pcie_open(const uint8_t uuid[16], const char **why)
{
	char text[41] = "GPU-";
	unsigned rate;
	size_t at = 4;

	for (size_t i = 0; i < 16; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
	*why = "no NVML: libnvidia-ml.so.1";
	if (!load())
		return false;
	*why = "NVML doesn't know this GPU";
	if (nvml.by_uuid(text, &nvml.device) != 0)
		return false;
	nvml.counts = read_counters(nvml.last);
	*why = "NVML counts no PCIe bytes here";
	return nvml.counts || nvml.rate(nvml.device, RATE_SENT, &rate) == 0;
}

const char *pcie_method(void)
{
	return nvml.counts ? "counters" : "sampled";
}

/* ---- in a thread, for as long as it takes: sums of what is counted, or the mean of the rates ----
 */

static bool add_counts(void)
{
	double now[2];

	if (!read_counters(now))
		return false;
	for (size_t i = 0; i < 2; i++) {
		nvml.sum[i] += now[i] - nvml.last[i];
		if (nvml.narrow && now[i] < nvml.last[i])
			nvml.sum[i] += 4294967296.0;
		nvml.last[i] = now[i];
	}
	return true;
}

/* Adds the current rates. Each call of NVML measures for 20 ms. */
static bool add_rates(void)
{
	unsigned sent = 0, received = 0;

	if (nvml.rate(nvml.device, RATE_SENT, &sent) != 0 ||
		nvml.rate(nvml.device, RATE_RECEIVED, &received) != 0)
		return false;
	nvml.sum[0] += sent;
	nvml.sum[1] += received;
	nvml.samples++;
	return true;
}

static void *sample(void *unused)
{
	const struct timespec often = {.tv_nsec = 5000000};

	(void)unused;
	while (atomic_load(&nvml.sampling) && (nvml.counts ? add_counts() : add_rates()))
		if (nvml.counts)
			(void)nanosleep(&often, NULL);
	return NULL;
}

void pcie_begin(void)
{
	nvml.sum[0] = nvml.sum[1] = 0;
	nvml.samples = 0;
	if (nvml.counts && !read_counters(nvml.last))
		die("reading NVML's counters failed");
	nvml.start = now_ns();
	atomic_store(&nvml.sampling, true);
	if (pthread_create(&nvml.sampler, NULL, sample, NULL) != 0)
		die("no thread to look at PCIe with");
}

struct pcie_bytes pcie_end(void)
{
	double scale = 1;

	atomic_store(&nvml.sampling, false);
	(void)pthread_join(nvml.sampler, NULL);
	if (nvml.counts && !add_counts())
		die("reading NVML's counters failed");
	if (!nvml.counts && nvml.samples == 0)
		die("NVML gave no rate of PCIe");
	if (!nvml.counts) /* the rates are in KB a second */
		scale = (double)(now_ns() - nvml.start) / 1e6 / (double)nvml.samples;
	return (struct pcie_bytes){nvml.sum[0] * scale, nvml.sum[1] * scale};
}
