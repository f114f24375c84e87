// What the parser accepts is formatted to a link that reads the same.
#include "engine/metainfo/magnet.hpp"

#include <cstdint>

#include "engine/base/assert.hpp"

using namespace spate;
using namespace spate::metainfo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto magnet = parse_magnet({reinterpret_cast<const char*>(data), size});
    if (!magnet) {
        SPATE_ASSERT(!describe(magnet.error()).empty());
        return 0;
    }
    const std::string link = format_magnet(*magnet);
    // Escapes triple a byte, so a link close to the limit may come out longer.
    if (link.size() <= magnet_bytes_max) SPATE_ASSERT(parse_magnet(link) == *magnet);
    return 0;
}
