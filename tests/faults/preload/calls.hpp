#pragma once
// tests/faults/preload/calls.hpp: what the stand-ins for calls have in common.
#include <cerrno>

#include "tests/faults/preload/original.hpp"
#include "tests/faults/preload/plan.hpp"

namespace spate::faults {

/// Counts a call that `caller` (a return address) makes, and says what becomes of it.
inline Fault fault_of(Kind kind, const void* caller) {
    if (!is_products(caller)) return {};
    return Plan::get().next(kind);
}

/// The same for calls that move no bytes: true when it fails, and then errno is set.
inline bool fails(Kind kind, const void* caller) {
    const Fault fault = fault_of(kind, caller);
    if (fault.what != Fault::What::error) return false;
    errno = fault.error;
    return true;
}

}  // namespace spate::faults
