#include "engine/driver/content/content_check.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/driver/content/content_source.hpp"
#include "hashing/digest.hpp"
#include "hashing/merkle.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

hashing::ExpectedDigests expected_of(const metainfo::Metainfo& torrent) {
    return {.sha1 = torrent.piece_hashes, .roots = torrent.piece_roots};
}

/// What pieces of zeros hash to, by their shape: usually there are two or three.
class ZeroPieces {
public:
    ZeroPieces(const metainfo::Metainfo& torrent, const hashing::Hasher& hasher)
        : torrent_(torrent), hasher_(hasher) {}

    bool match(PieceIndex piece) {
        return hashing::matches(digests(piece_extent(torrent_, piece)), expected_of(torrent_),
                                piece);
    }

private:
    static constexpr std::size_t shapes_max = 64;
    using Shape = std::array<std::uint32_t, 3>;

    const hashing::PieceDigests& digests(const hashing::PieceExtent& piece) {
        const Shape shape{piece.size_bytes, piece.data_bytes, piece.leaves};
        const auto known = known_.find(shape);
        if (known != known_.end()) return known->second;
        if (known_.size() >= shapes_max) known_.clear();
        const std::vector<std::byte> zeros(piece.size_bytes);
        hashing::PieceDigests& digests = known_[shape];
        if (!torrent_.piece_hashes.empty()) digests.sha1 = hashing::sha1(zeros);
        if (!torrent_.piece_roots.empty())
            digests.root = hashing::merkle_root(
                hasher_, hashing::leaf_hashes(hasher_, Bytes(zeros).first(piece.data_bytes)),
                piece.leaves);
        return digests;
    }

    const metainfo::Metainfo& torrent_;
    const hashing::Hasher& hasher_;
    std::map<Shape, hashing::PieceDigests> known_;
};

/// Settles what the survey can tell; the pieces that remain must be read.
std::vector<PieceIndex> settle_unread(const ContentCheck& check, const ContentSurvey& survey,
                                      const hashing::Hasher& hasher, ContentReport& report,
                                      hashing::PieceProgress& progress) {
    ZeroPieces zeros(check.torrent, hasher);
    std::vector<PieceIndex> to_read;
    for (PieceIndex piece{0}; piece.value < check.torrent.piece_count(); ++piece) {
        if (check.pieces.size() != 0 && !check.pieces.test(piece.value)) continue;
        const bool absent = survey.absent.test(piece.value);
        if (!absent && !survey.zeros.test(piece.value)) {
            to_read.push_back(piece);
            continue;
        }
        if (!absent && zeros.match(piece))
            report.good.set(piece.value);
        else
            report.missing.push_back(piece);
        progress.bytes += check.torrent.piece_size_bytes(piece);
    }
    return to_read;
}

FileFault fault_of(const ContentReader& reader, const hashing::PieceResult& result) {
    const ContentReader::Place place = reader.find(result.error_offset_bytes);
    return {.file = place.file, .offset_bytes = place.offset_bytes, .error = result.error};
}

}  // namespace

std::uint64_t bytes_to_check(const metainfo::Metainfo& torrent) {
    if (torrent.has_v1()) return torrent.total_bytes;
    std::uint64_t sum = 0;  // the gaps between files are not in any piece
    for (const metainfo::FileEntry& file : torrent.files)
        if (!file.pad) sum += file.size_bytes;
    return sum;
}

hashing::PieceExtent piece_extent(const metainfo::Metainfo& torrent, PieceIndex piece) {
    const std::uint32_t size = torrent.piece_size_bytes(piece);
    const bool v2 = torrent.has_v2();
    return {.offset_bytes = std::uint64_t{piece.value} * torrent.piece_length_bytes,
            .size_bytes = size,
            .data_bytes = v2 ? torrent.piece_data_bytes(piece) : size,
            .leaves = v2 ? torrent.piece_leaves(piece) : 0};
}

std::expected<ContentReport, std::string> check_content(const ContentCheck& check,
                                                        const hashing::Hasher& hasher,
                                                        hashing::PieceProgress& progress,
                                                        std::stop_token stop) {
    if (check.torrent.piece_hashes.empty() && check.torrent.piece_roots.empty())
        return std::unexpected("the torrent has no hashes of its pieces to check them by");
    const auto directory = io::open_directory(check.folder.string());
    if (!directory)
        return std::unexpected(
            fmt::format("cannot open {}: {}", check.folder.string(), directory.error().message()));
    ContentReader reader(directory->get(), content_files(check.torrent));
    ContentSurvey survey =
        survey_content(directory->get(), reader.files(), check.torrent.piece_length_bytes);

    ContentReport report;
    report.good = Bitfield(check.torrent.piece_count());
    report.faults = std::move(survey.faults);
    report.files_there = survey.files_there;
    const std::vector<PieceIndex> to_read = settle_unread(check, survey, hasher, report, progress);
    const hashing::PieceRun run{
        .pieces = to_read,
        .extent_of = [&](PieceIndex piece) { return piece_extent(check.torrent, piece); },
        .digests = {},
        .threads = check.threads,
        .background = check.background};
    ContentSource source(reader);
    hashing::VerifyReport verified = hashing::verify_pieces(hasher, run, expected_of(check.torrent),
                                                            source, progress, std::move(stop));
    report.cancelled = verified.end == hashing::PieceRunEnd::cancelled;
    for (const PieceIndex piece : verified.good) report.good.set(piece.value);
    report.bad = std::move(verified.bad);
    for (const hashing::PieceResult& result : verified.unreadable) {
        report.missing.push_back(result.piece);
        report.faults.push_back(fault_of(reader, result));
    }
    std::ranges::sort(report.missing);
    return report;
}

std::string describe_fault(const metainfo::Metainfo& torrent, const std::filesystem::path& folder,
                           const FileFault& fault) {
    const std::vector<ContentFile> files = content_files(torrent);
    const std::string path = (folder / files[fault.file].path).string();
    if (fault.error == ENOENT) return path + " is missing";
    if (fault.error == ENXIO) return path + " is no regular file";
    if (fault.error != 0)
        return fmt::format("cannot read {} at byte {}: {}", path, fault.offset_bytes,
                           std::generic_category().message(fault.error));
    if (fault.too_long)
        return fmt::format("{} is longer than the {} bytes that the torrent says", path,
                           files[fault.file].size_bytes);
    return fmt::format("{} ends after {} of {} bytes", path, fault.offset_bytes,
                       files[fault.file].size_bytes);
}

}  // namespace spate::driver
