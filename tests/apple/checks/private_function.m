/* SPDX-License-Identifier: MIT */
/* The system library has this function, but no public header of Apple's declares it. */
extern int __ulock_wait(
	unsigned int operation, void *address, unsigned long long value, unsigned int us);
int gy_check(void *address);
int gy_check(void *address)
{
	return __ulock_wait(1, address, 0, 0);
}
