#include "engine/driver/content/content_hash.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/base/assert.hpp"
#include "engine/driver/content/content_source.hpp"
#include "hashing/merkle.hpp"
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

using metainfo::TorrentVersion;

/// The pieces of a new torrent, of which v2 wants that each begins in a file.
class NewPieces {
public:
    NewPieces(const ContentHashing& work, const ContentReader& reader)
        : reader_(reader), version_(work.version), length_(work.piece_length_bytes) {}

    std::vector<PieceIndex> all() const {
        std::vector<PieceIndex> pieces;
        for (std::uint64_t at = 0; at < reader_.total_bytes(); at += length_)
            pieces.emplace_back(static_cast<std::uint32_t>(pieces.size()));
        return pieces;
    }

    hashing::PieceExtent extent(PieceIndex piece) const {
        const std::uint64_t offset = std::uint64_t{piece.value} * length_;
        const auto size = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(length_, reader_.total_bytes() - offset));
        if (version_ == TorrentVersion::v1) return {offset, size, size, 0};
        const ContentReader::Place place = reader_.find(offset);
        const ContentFile& file = reader_.files()[place.file];
        SPATE_ASSERT(!file.pad && place.offset_bytes % length_ == 0);
        const auto data = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(length_, file.size_bytes - place.offset_bytes));
        const std::uint64_t tree_bytes = std::min<std::uint64_t>(length_, file.size_bytes);
        const auto leaves = static_cast<std::uint32_t>(
            std::bit_ceil((tree_bytes + hashing::leaf_bytes - 1) / hashing::leaf_bytes));
        return {offset, version_ == TorrentVersion::v2 ? data : size, data, leaves};
    }

private:
    const ContentReader& reader_;
    const TorrentVersion version_;
    const std::uint32_t length_;
};

/// Where results go, of which the first that is unreadable is kept.
class Collector {
public:
    explicit Collector(std::size_t pieces, TorrentVersion version) {
        if (version != TorrentVersion::v2) digests.piece_hashes.resize(pieces);
        if (version != TorrentVersion::v1) digests.piece_roots.resize(pieces);
    }

    void take(const hashing::PieceResult& result) {
        const std::size_t piece = result.piece.value;
        if (result.digests.sha1) digests.piece_hashes[piece] = *result.digests.sha1;
        if (result.digests.root) digests.piece_roots[piece] = *result.digests.root;
        if (!result.readable && !unreadable) unreadable = result;
    }

    ContentDigests digests;
    std::optional<hashing::PieceResult> unreadable;
};

}  // namespace

std::uint64_t bytes_to_hash(const ContentHashing& work) {
    std::uint64_t sum = 0;
    for (const metainfo::NewFile& file : work.files)
        if (!file.pad || work.version != TorrentVersion::v2) sum += file.size_bytes;
    return sum;
}

std::expected<ContentDigests, HashingFailure> hash_content(const ContentHashing& work,
                                                           const hashing::Hasher& hasher,
                                                           hashing::PieceProgress& progress,
                                                           std::stop_token stop) {
    SPATE_ASSERT(work.piece_length_bytes > 0);
    const auto fail = [](std::string sentence) {
        return std::unexpected(HashingFailure{.sentence = std::move(sentence)});
    };
    const auto directory = io::open_directory(work.listing.parent.string());
    if (!directory)
        return fail(fmt::format("cannot open {}: {}", work.listing.parent.string(),
                                directory.error().message()));
    ContentReader reader(directory->get(), content_files(work.listing, work.files));
    ContentSource source(reader);
    const NewPieces geometry(work, reader);
    const std::vector<PieceIndex> pieces = geometry.all();
    Collector collector(pieces.size(), work.version);
    const hashing::PieceRun run{
        .pieces = pieces,
        .extent_of = [&](PieceIndex piece) { return geometry.extent(piece); },
        .digests = {.sha1 = work.version != TorrentVersion::v2,
                    .root = work.version != TorrentVersion::v1},
        .threads = work.threads};
    const auto end = hashing::hash_pieces(
        hasher, run, source,
        [&](std::span<const hashing::PieceResult> results) {
            for (const hashing::PieceResult& result : results) collector.take(result);
        },
        progress, std::move(stop));
    if (end == hashing::PieceRunEnd::cancelled)
        return std::unexpected(HashingFailure{.cancelled = true, .sentence = "interrupted"});
    if (collector.unreadable) return fail(describe(work.listing, reader, *collector.unreadable));
    if (std::string change = find_change(work.listing); !change.empty())
        return fail(std::move(change));
    return std::move(collector.digests);
}

}  // namespace spate::driver
