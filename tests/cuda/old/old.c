/* A libcuda.so.1 from before everything that is needed. */
__attribute__((visibility("default"))) int cuInit(unsigned int flags);

int cuInit(unsigned int flags)
{
	return (int)flags;
}
