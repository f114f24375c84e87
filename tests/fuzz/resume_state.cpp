// A record that is accepted encodes to itself. The fuzzer can't find checksums, so each input is
// also tried with its checksum made right.
#include "engine/storage/resume_state.hpp"

#include <cstdint>
#include <vector>

#include "engine/base/assert.hpp"
#include "hashing/xxh3.hpp"

using namespace spate;
using namespace spate::storage;

namespace {

void check(Bytes record) {
    const auto state = decode_resume_state(record);
    if (!state) {
        SPATE_ASSERT(!describe(state.error()).empty());
        return;
    }
    const std::vector<std::byte> again = encode(*state);
    SPATE_ASSERT(as_text(again) == as_text(record));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = std::as_bytes(std::span(data, size));
    check(input);
    std::vector<std::byte> sealed(input.begin(), input.end());
    ByteWriter(sealed).write(hashing::xxh3_64(input));
    check(sealed);
    return 0;
}
