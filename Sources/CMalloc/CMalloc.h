// What Swift's Glibc module leaves out of the C library's allocator.
#if defined(__linux__)
#include <features.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#endif
