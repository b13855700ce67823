internal import CMalloc

/// Gives the system back what reading a configuration has left free: the tree of a large document is many times
/// what stays of it, and the C library keeps the pages of small blocks.
func giveBackFreeMemory() {
    #if canImport(Glibc)
        _ = malloc_trim(0)
    #endif
}
