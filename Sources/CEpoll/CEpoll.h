// What Swift's Glibc and Musl modules leave out of Linux's sockets.
#if defined(__linux__)
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// accept4(2), which is declared only for those who ask for GNU extensions.
struct sockaddr;
int accept4(int descriptor, struct sockaddr *address, unsigned int *size, int flags);
#endif
