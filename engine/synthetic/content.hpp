#pragma once
// engine/synthetic/content.hpp: what is transferred when only the transfer matters.
#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::synthetic {

/// A torrent of one file whose pieces are all alike: one buffer that stays in the cache serves any
/// request, and every piece still verifies. A plain value.
struct Content {
    std::vector<std::byte> piece;
    metainfo::Metainfo torrent;
    std::vector<std::byte> torrent_bytes;  // its .torrent file

    std::uint32_t piece_length_bytes() const { return torrent.piece_length_bytes; }
    std::uint32_t piece_count() const {
        return static_cast<std::uint32_t>(torrent.total_bytes / torrent.piece_length_bytes);
    }
};

/// `piece_length_bytes` is a multiple of a block; the file has as many whole pieces as fit
/// `size_bytes`, at least one.
Content make_content(std::uint64_t size_bytes, std::uint32_t piece_length_bytes,
                     std::uint64_t random_seed);

/// Puts the torrent's file into `folder`. False when it can't be written.
bool write_content(const Content& content, const std::filesystem::path& folder);

}  // namespace spate::synthetic
