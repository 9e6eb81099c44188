/* Second processes, CPUs, and the registry's directory that both processes use. */
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define PEER_SECONDS 250 /* the most seconds of a peer; the whole program has 290 */

_Noreturn void die(const char *format, ...)
{
	va_list arguments;

	(void)fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	exit(1);
}

void require(enum geyser_result result, const char *what)
{
	if (result != GEYSER_OK)
		die("%s: %s (%s)", what, geyser_result_string(result), geyser_error_detail());
}

void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		die("no memory for %zu samples", count);
	return memory;
}

size_t picture_bytes(enum geyser_format format, uint32_t width, uint32_t height)
{
	struct geyser_plane_extent extent;
	size_t size = 0;

	for (uint32_t plane = 0;
		geyser_format_get_plane_extent(format, plane, width, height, &extent); plane++)
		size += (size_t)extent.size;
	return size;
}

/* ---- the directory --------------------------------------------------------------------------- */

static char directory[256];
static pid_t owner;

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	(void)remove(path);
	return 0;
}

static void remove_directory(void)
{
	if (getpid() == owner)
		(void)nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Makes the directory on a tmpfs if there is one, as a session's own runtime directory is. */
void runtime_directory_make(void)
{
	const char *parent = getenv("TMPDIR");
	int length;

	if (!parent || !*parent)
		parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	length = snprintf(directory, sizeof(directory), "%s/geyser-bench-XXXXXX", parent);
	if (length < 0 || (size_t)length >= sizeof(directory))
		die("TMPDIR (%s): the path is too long", parent);
	if (!mkdtemp(directory))
		die("making %s: %s", directory, strerror(errno));
	owner = getpid();
	if (atexit(remove_directory) != 0 || setenv("GEYSER_RUNTIME_DIR", directory, 1) != 0)
		die("no memory");
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static cpu_set_t allowed; /* the CPUs that this process may use */

static int allowed_cpu(int wanted)
{
	if (CPU_COUNT(&allowed) == 0 && sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		die("sched_getaffinity: %s", strerror(errno));
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && wanted-- == 0)
			return (int)cpu;
	return -1;
}

bool place_possible(enum placement placement)
{
	return placement != PLACE_TWO_CPUS || allowed_cpu(1) >= 0;
}

void place_self(enum placement placement, bool second)
{
	const bool pinned = placement == PLACE_SAME_CPU || placement == PLACE_TWO_CPUS;
	const int cpu = allowed_cpu(placement == PLACE_TWO_CPUS && second ? 1 : 0);
	cpu_set_t set;

	CPU_ZERO(&set);
	if (pinned && cpu >= 0)
		CPU_SET((unsigned)cpu, &set);
	else
		set = allowed;
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		die("sched_setaffinity: %s", strerror(errno));
}

const char *place_name(enum placement placement)
{
	static const char *const names[] = {
		[PLACE_SAME_CPU] = "same cpu",
		[PLACE_UNPINNED] = "unpinned",
		[PLACE_TWO_CPUS] = "two cpus",
		[PLACE_NONE] = "",
	};

	return names[placement];
}

/* ---- second processes ------------------------------------------------------------------------ */

static _Noreturn void run_peer(enum placement placement,
	void (*run)(const struct peer_pipes *pipes, void *data), void *data,
	const struct peer_pipes *pipes, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* the parent ended before prctl was called */
	(void)alarm(PEER_SECONDS);
	place_self(placement, true);
	run(pipes, data);
	exit(0);
}

void peer_start(struct peer *peer, enum placement placement,
	void (*run)(const struct peer_pipes *pipes, void *data), void *data)
{
	const pid_t self = getpid();
	int to_us[2], to_peer[2];

	(void)fflush(NULL);
	if (pipe(to_us) != 0 || pipe(to_peer) != 0)
		die("pipe: %s", strerror(errno));
	peer->pid = fork();
	if (peer->pid < 0)
		die("fork: %s", strerror(errno));
	if (peer->pid == 0) {
		const struct peer_pipes pipes = {.out = to_us[1], .hold = to_peer[0]};

		(void)close(to_us[0]);
		(void)close(to_peer[1]);
		run_peer(placement, run, data, &pipes, self);
	}
	(void)close(to_us[1]);
	(void)close(to_peer[0]);
	peer->in = to_us[0];
	peer->hold = to_peer[1];
}

void peer_stop(struct peer *peer)
{
	int status;

	(void)close(peer->hold);
	if (waitpid(peer->pid, &status, 0) != peer->pid)
		die("waitpid: %s", strerror(errno));
	(void)close(peer->in);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("the second process failed (wait status 0x%x)", (unsigned)status);
}

void peer_abandon(struct peer *peer)
{
	(void)kill(peer->pid, SIGKILL);
	(void)close(peer->hold);
	(void)close(peer->in);
	(void)waitpid(peer->pid, NULL, 0);
}

/* What the process of run_apart runs. */
struct apart {
	void (*run)(const struct settings *settings, struct results *results);
	const struct settings *settings;
};

static void run_and_tell(const struct peer_pipes *pipes, void *data)
{
	static struct results results; /* the child's own results; the parent's don't change */
	const struct apart *apart = data;

	results.count = 0;
	apart->run(apart->settings, &results);
	write_all(pipes->out, &results, sizeof(results));
}

void run_apart(void (*run)(const struct settings *settings, struct results *results),
	const struct settings *settings, struct results *results)
{
	static struct results told;
	struct apart apart = {run, settings};
	struct peer peer;

	peer_start(&peer, PLACE_UNPINNED, run_and_tell, &apart);
	read_all(peer.in, &told, sizeof(told));
	peer_stop(&peer);
	if (results->count + told.count > BENCH_RESULTS_MAX)
		die("more than %d results", BENCH_RESULTS_MAX);
	memcpy(&results->list[results->count], told.list, told.count * sizeof(told.list[0]));
	results->count += told.count;
}

void read_all(int fd, void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, (char *)data + done, size - done);

		if (got == 0)
			die("the second process ended early");
		if (got < 0 && errno != EINTR)
			die("read: %s", strerror(errno));
		if (got > 0)
			done += (size_t)got;
	}
}

void write_all(int fd, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = write(fd, (const char *)data + done, size - done);

		if (put < 0 && errno != EINTR)
			die("write: %s", strerror(errno));
		if (put > 0)
			done += (size_t)put;
	}
}

bool next_order(const struct peer_pipes *pipes, void *order, size_t size)
{
	ssize_t got;

	do {
		/* an order is written in one piece, so a pipe delivers it whole */
		got = read(pipes->hold, order, size);
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)size;
}

void wait_for_end(const struct peer_pipes *pipes)
{
	char byte;

	while (read(pipes->hold, &byte, 1) < 0 && errno == EINTR)
		;
}

void *shared_memory(size_t size)
{
	const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
	// cppcheck-suppress invalidFunctionArg ; anonymous memory has no descriptor
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (memory == MAP_FAILED)
		die("mapping %zu bytes: %s", size, strerror(errno));
	return memory;
}
