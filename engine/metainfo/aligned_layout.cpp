#include "engine/metainfo/aligned_layout.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/metainfo/pad_file.hpp"

namespace spate::metainfo {

std::vector<NewFile> aligned_layout(std::vector<NewFile> files, std::uint32_t piece_length_bytes,
                                    TorrentVersion version) {
    if (version == TorrentVersion::v1) return files;
    std::ranges::sort(files, {}, &NewFile::path);
    const bool pads_the_last = version == TorrentVersion::hybrid && files.size() > 1;
    std::vector<NewFile> layout;
    layout.reserve(2 * files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        SPATE_ASSERT(!files[i].pad && (files[i].symlink.empty() || files[i].size_bytes == 0));
        const std::uint64_t gap = bytes_to_align(files[i].size_bytes, piece_length_bytes);
        layout.push_back(std::move(files[i]));
        if (gap > 0 && (pads_the_last || i + 1 < files.size()))
            layout.push_back({.path = pad_path(gap), .size_bytes = gap, .pad = true});
    }
    return layout;
}

std::uint64_t total_bytes(std::span<const NewFile> files) {
    std::uint64_t total = 0;
    for (const NewFile& file : files) total += file.size_bytes;
    return total;
}

std::uint64_t piece_count(std::span<const NewFile> files, std::uint32_t piece_length_bytes) {
    return (total_bytes(files) + piece_length_bytes - 1) / piece_length_bytes;
}

}  // namespace spate::metainfo
