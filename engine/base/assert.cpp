#include "engine/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace spate {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "spate: assertion failed: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

}  // namespace spate
