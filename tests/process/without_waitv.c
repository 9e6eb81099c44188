/*
 * Runs a program as on a kernel before 5.16: a filter refuses futex_waitv with ENOSYS, for it and
 * all its children. without_waitv PROGRAM [ARGUMENT]...
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/geyser.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

static bool refuse_waitv(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex_waitv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

int main(int argc, char **argv)
{
	struct geyser_system_info info;

	if (argc < 2 || !refuse_waitv()) {
		(void)fprintf(stderr, "without_waitv: %s\n",
			argc < 2 ? "no program (none): name one" : strerror(errno));
		return 1;
	}
	if (geyser_system_get_info(&info) != GEYSER_OK || info.futex_waitv) {
		(void)fputs("without_waitv: the call is still there, or said to be\n", stderr);
		return 1;
	}
	(void)execv(argv[1], argv + 1);
	(void)fprintf(stderr, "without_waitv: %s: %s\n", argv[1], strerror(errno));
	return 1;
}
