#pragma once
// engine/metainfo/pad_file.hpp: the zeros between the files of an aligned torrent (BEP 47).
#include <cstdint>
#include <string>
#include <vector>

namespace spate::metainfo {

/// From the end of a file that starts a piece to where the next piece starts.
inline std::uint64_t bytes_to_align(std::uint64_t size_bytes, std::uint32_t piece_length_bytes) {
    const std::uint64_t rest = size_bytes % piece_length_bytes;
    return rest == 0 ? 0 : piece_length_bytes - rest;
}

/// ".pad/N", the name that BEP 47 recommends.
inline std::vector<std::string> pad_path(std::uint64_t size_bytes) {
    return {".pad", std::to_string(size_bytes)};
}

}  // namespace spate::metainfo
