/* The floor of a wake: a counter in shared memory with a futex on it. Also the time stamps of
 * frames. */
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static long futex(_Atomic uint32_t *word, int operation, uint32_t value)
{
	return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

void hand_signal(struct hand_word *word, uint32_t value)
{
	atomic_store(&word->value, value);
	if (atomic_load(&word->waiters))
		(void)futex(&word->value, FUTEX_WAKE, INT_MAX);
}

void hand_wait(struct hand_word *word, uint32_t value)
{
	uint32_t now = atomic_load(&word->value);

	if (now >= value)
		return;
	atomic_fetch_add(&word->waiters, 1);
	while ((now = atomic_load(&word->value)) < value)
		(void)futex(&word->value, FUTEX_WAIT, now);
	atomic_fetch_sub(&word->waiters, 1);
}

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
}

void hand_spin(const struct hand_word *word, uint32_t value)
{
	while (atomic_load(&word->value) < value)
		relax();
}

void frame_stamp(void *data, size_t size, uint64_t time)
{
	memcpy((char *)data + size - sizeof(time), &time, sizeof(time));
	memcpy(data, &time, sizeof(time));
}

uint64_t frame_read_stamp(const void *data, size_t size)
{
	uint64_t first, last;

	memcpy(&first, data, sizeof(first));
	memcpy(&last, (const char *)data + size - sizeof(last), sizeof(last));
	if (first != last)
		die("torn frame: it begins with %llu and ends with %llu", (unsigned long long)first,
			(unsigned long long)last);
	return first;
}
