/* A libcuda.so.1 that is too old: it has none of the functions that the library needs. */
__attribute__((visibility("default"))) int cuInit(unsigned int flags);

int cuInit(unsigned int flags)
{
	return (int)flags;
}
