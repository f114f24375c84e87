#pragma once
// engine/metainfo/file_list.hpp: the files of an info dictionary (BEP 3 "length" and "files", 47).
#include <expected>
#include <string>
#include <vector>

#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

struct FileList {
    std::string name;
    bool single_file = true;
    std::uint64_t total_bytes = 0;
    std::vector<FileEntry> files;
};

/// Every path safe and distinct, every size and their sum within total_bytes_max, and not zero.
/// In a hybrid only the attribute makes a pad file, not its name.
std::expected<FileList, MetainfoError> parse_file_list(bencode::Node info, bool is_hybrid);

}  // namespace spate::metainfo
