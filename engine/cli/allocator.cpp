// engine/cli/allocator.cpp: linked to whatever runs on mimalloc (spate_use_mimalloc).
#include <mimalloc.h>

namespace {

/// Freed pages go back to the kernel at once. By default mimalloc waits a while and looks again
/// when the thread next allocates: one that became idle after a burst of work would keep them. The
/// environment's MIMALLOC_DECOMMIT_DELAY still wins.
const bool gives_back_at_once = [] {
    mi_option_set_default(mi_option_decommit_delay, 0);
    return true;
}();

}  // namespace
