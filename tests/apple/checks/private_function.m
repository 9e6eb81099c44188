/* SPDX-License-Identifier: MIT */
/* It exists in the system library, but Apple publishes no header with it. */
extern int __ulock_wait(
	unsigned int operation, void *address, unsigned long long value, unsigned int us);
int gy_check(void *address);
int gy_check(void *address)
{
	return __ulock_wait(1, address, 0, 0);
}
