#pragma once
// tests/faults/preload/original.hpp: the functions that this library stands in front of.
#include <dlfcn.h>

namespace spate::faults {

/// The next definition of `name` behind ours.
template <class Function>
Function original(Function, const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

/// True when the caller is the program itself, or a library that does its errands: the C++
/// library's files and threads, and what asks trackers. What the loader, the allocator and the like
/// ask of the kernel is no concern of ours.
bool is_products(const void* return_address);

}  // namespace spate::faults
