#include "engine/driver/content/content_hash.hpp"

#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

std::string describe(const ContentListing& listing, const ContentReader& reader,
                     const hashing::PieceResult& result) {
    const ContentReader::Place place = reader.find(result.error_offset_bytes);
    const std::string path = (listing.parent / reader.files()[place.file].path).string();
    if (result.error == 0) return path + " became shorter while it was hashed";
    return fmt::format("cannot read {} at byte {}: {}", path, place.offset_bytes,
                       std::generic_category().message(result.error));
}

std::vector<PieceIndex> all_pieces(std::uint64_t total_bytes, std::uint32_t piece_length_bytes) {
    std::vector<PieceIndex> pieces;
    for (std::uint64_t at = 0; at < total_bytes; at += piece_length_bytes)
        pieces.emplace_back(static_cast<std::uint32_t>(pieces.size()));
    return pieces;
}

}  // namespace

std::expected<std::vector<Sha1Digest>, HashingFailure> hash_content(
    const ContentHashing& work, const hashing::Hasher& hasher, hashing::PieceProgress& progress,
    std::stop_token stop) {
    SPATE_ASSERT(work.piece_length_bytes > 0);
    const auto fail = [](std::string sentence) {
        return std::unexpected(HashingFailure{.sentence = std::move(sentence)});
    };
    const auto directory = io::open_directory(work.listing.parent.string());
    if (!directory)
        return fail(fmt::format("cannot open {}: {}", work.listing.parent.string(),
                                directory.error().message()));
    ContentReader reader(directory->get(), work.listing.content_files());
    const std::vector<PieceIndex> pieces =
        all_pieces(work.listing.total_bytes, work.piece_length_bytes);
    std::vector<Sha1Digest> digests(pieces.size());
    std::optional<hashing::PieceResult> unreadable;
    const hashing::PieceRun run{.piece_length_bytes = work.piece_length_bytes,
                                .total_bytes = work.listing.total_bytes,
                                .pieces = pieces,
                                .threads = work.threads};
    const auto end = hashing::hash_pieces(
        hasher, run,
        [&](std::uint64_t offset, MutableBytes out) { return reader.read(offset, out); },
        [&](std::span<const hashing::PieceResult> results) {
            for (const hashing::PieceResult& result : results) {
                if (result.readable)
                    digests[result.piece.value] = result.digest;
                else if (!unreadable)
                    unreadable = result;
            }
        },
        progress, std::move(stop));
    if (end == hashing::PieceRunEnd::cancelled)
        return std::unexpected(HashingFailure{.cancelled = true, .sentence = "interrupted"});
    if (unreadable) return fail(describe(work.listing, reader, *unreadable));
    if (std::string change = find_change(work.listing); !change.empty())
        return fail(std::move(change));
    return digests;
}

}  // namespace spate::driver
