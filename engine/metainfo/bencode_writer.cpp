#include "engine/metainfo/bencode_writer.hpp"

namespace spate::metainfo::bencode {

// Out of line: inlined with constants, GCC 12 at -O3 warns of overflows that aren't there.
void append_to(std::string& out, std::string_view text) {
    out.append(text);
}

void append_to(std::vector<std::byte>& out, std::string_view text) {
    const Bytes bytes = as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace spate::metainfo::bencode
