#pragma once
// io/ring_setup.hpp: mapping and unmapping of rings, for Ring and the probe.
#include <liburing.h>

namespace spate::io {

/// 0 or a negative errno; on success `ring` is taken down with take_down_ring().
int set_up_ring(unsigned entries, io_uring& ring, io_uring_params& params);
void take_down_ring(io_uring& ring);

}  // namespace spate::io
