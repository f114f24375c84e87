#include "engine/driver/content/content_check.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "hashing/digest.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

/// Digests of zeros: of a whole piece, and of the last one.
class ZeroDigests {
public:
    explicit ZeroDigests(const metainfo::Metainfo& torrent) : torrent_(torrent) {}

    bool match(PieceIndex piece) {
        const std::uint32_t size = torrent_.piece_size_bytes(piece);
        auto& digest = size == torrent_.piece_length_bytes ? whole_ : last_;
        if (!digest) digest = hashing::sha1(std::vector<std::byte>(size));
        return *digest == torrent_.piece_hashes[piece.value];
    }

private:
    const metainfo::Metainfo& torrent_;
    std::optional<Sha1Digest> whole_;
    std::optional<Sha1Digest> last_;
};

/// Settles what the survey can tell; the pieces that remain must be read.
std::vector<PieceIndex> settle_unread(const ContentCheck& check, const ContentSurvey& survey,
                                      ContentReport& report, hashing::PieceProgress& progress) {
    ZeroDigests zeros(check.torrent);
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

std::expected<ContentReport, std::string> check_content(const ContentCheck& check,
                                                        const hashing::Hasher& hasher,
                                                        hashing::PieceProgress& progress,
                                                        std::stop_token stop) {
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
    const std::vector<PieceIndex> to_read = settle_unread(check, survey, report, progress);
    const hashing::PieceRun run{.piece_length_bytes = check.torrent.piece_length_bytes,
                                .total_bytes = check.torrent.total_bytes,
                                .pieces = to_read,
                                .threads = check.threads};
    hashing::VerifyReport verified = hashing::verify_pieces(
        hasher, run, check.torrent.piece_hashes,
        [&](std::uint64_t offset, MutableBytes out) { return reader.read(offset, out); }, progress,
        std::move(stop));
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
