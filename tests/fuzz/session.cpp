// A session in the hands of hostile peers and of a driver that does all that it may, in any order:
// whatever they do, nothing is left in the end. See SessionWorld.
#include <cstdint>

#include "tests/fuzz/session_world.hpp"

using namespace spate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::SessionWorld world(std::as_bytes(std::span(data, size)));
    while (world.step()) {
    }
    world.finish();
    return 0;
}
