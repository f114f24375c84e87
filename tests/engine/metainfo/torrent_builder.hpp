#pragma once
// tests/engine/metainfo/torrent_builder.hpp: small torrents, right and wrong, as text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/metainfo/bencode_writer.hpp"

namespace spate::metainfo {

inline std::string bencoded(std::string_view text) {
    return std::to_string(text.size()) + ":" + std::string(text);
}

inline std::string bencoded(std::int64_t number) {
    return "i" + std::to_string(number) + "e";
}

inline std::string bencoded_list(const std::vector<std::string>& strings) {
    std::string list = "l";
    for (const std::string& text : strings) list += bencoded(text);
    return list + "e";
}

/// A dictionary of values that are bencoded already, written in the order given.
inline std::string bencoded_dict(const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::string dict = "d";
    for (const auto& [key, value] : pairs) dict += bencoded(key) + value;
    return dict + "e";
}

inline std::string torrent_of(const std::string& info) {
    return bencoded_dict({{"info", info}});
}

inline std::string file_of(const std::vector<std::string>& path, std::int64_t size_bytes) {
    return bencoded_dict({{"length", bencoded(size_bytes)}, {"path", bencoded_list(path)}});
}

inline std::string piece_hashes(std::size_t count) {
    return bencoded(std::string(count * 20, 'h'));
}

/// A multi-file info dictionary with 16 KiB pieces for `total_bytes`.
inline std::string info_of(const std::vector<std::string>& files, std::size_t total_bytes,
                           const std::string& name = "folder") {
    std::string list = "l";
    for (const std::string& file : files) list += file;
    return bencoded_dict({{"files", list + "e"},
                          {"name", bencoded(name)},
                          {"piece length", bencoded(16384)},
                          {"pieces", piece_hashes((total_bytes + 16383) / 16384)}});
}

/// A single file of 20,000 bytes.
inline std::string single_info(const std::string& name) {
    return bencoded_dict({{"length", bencoded(20'000)},
                          {"name", bencoded(name)},
                          {"piece length", bencoded(16384)},
                          {"pieces", piece_hashes(2)}});
}

}  // namespace spate::metainfo
