/* Starts geyser-bench-cuda, which is installed beside this program, and lets it take turns. */
#include "cudarun.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define PROGRAM "geyser-bench-cuda"

static bool find_program(char *path, size_t size)
{
	const ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *name;

	if (length < 0)
		return false;
	path[length] = '\0';
	name = strrchr(path, '/');
	if (!name || (size_t)(name - path) + sizeof("/" PROGRAM) > size)
		return false;
	memcpy(name, "/" PROGRAM, sizeof("/" PROGRAM));
	return access(path, X_OK) == 0;
}

static _Noreturn void become(const char *path, const uint8_t uuid[16], int in, int out)
{
	char text[33];

	for (size_t i = 0; i < 16; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", uuid[i]);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		(void)execl(path, PROGRAM, text, (char *)NULL);
	_exit(127);
}

static void start(struct cuda *cuda, const char *path, const uint8_t uuid[16])
{
	int to[2], from[2];

	if (pipe(to) != 0 || pipe(from) != 0)
		die("pipe: %s", strerror(errno));
	(void)fflush(NULL);
	cuda->pid = fork();
	if (cuda->pid < 0)
		die("fork: %s", strerror(errno));
	if (cuda->pid == 0) {
		(void)close(to[1]);
		(void)close(from[0]);
		become(path, uuid, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	cuda->to = to[1];
	cuda->from = from[0];
}

static void end(struct cuda *cuda)
{
	(void)close(cuda->to);
	(void)close(cuda->from);
	(void)waitpid(cuda->pid, NULL, 0);
	cuda->pid = 0;
}

void cuda_start(struct cuda *cuda, const uint8_t uuid[16])
{
	char path[512], ready;

	*cuda = (struct cuda){.missing = "no CUDA: built without nvcc"};
	if (!find_program(path, sizeof(path)))
		return;
	start(cuda, path, uuid);
	if (read(cuda->from, &ready, 1) != 1) {
		end(cuda);
		cuda->missing = "no CUDA on this device";
	}
}

void cuda_turn(struct cuda *cuda, uint64_t *samples, size_t count)
{
	const uint64_t wanted = count;

	write_all(cuda->to, &wanted, sizeof(wanted));
	read_all(cuda->from, samples, count * sizeof(*samples));
}

void cuda_stop(struct cuda *cuda)
{
	if (cuda->pid > 0)
		end(cuda);
}
