#include "engine/driver/content/content_survey.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.hpp"

namespace spate::driver {
namespace {

/// The unit of st_blocks.
constexpr off_t stat_block_bytes = 512;

/// 0, or the errno; a folder is EISDIR, and what is no regular file otherwise ENXIO.
int look_at(int directory, const std::string& path, struct stat& info) {
    if (::fstatat(directory, path.c_str(), &info, 0) != 0) return errno;
    if (S_ISDIR(info.st_mode)) return EISDIR;
    return S_ISREG(info.st_mode) ? 0 : ENXIO;
}

/// Marks the pieces of one torrent that a range of its bytes touches.
class PieceMarker {
public:
    PieceMarker(std::uint32_t piece_length_bytes, std::uint64_t total_bytes)
        : length_(piece_length_bytes),
          pieces((total_bytes + piece_length_bytes - 1) / piece_length_bytes) {}

    void mark(std::uint64_t begin, std::uint64_t end) {
        if (begin >= end) return;
        for (std::uint64_t piece = begin / length_; piece <= (end - 1) / length_; ++piece)
            pieces.set(piece);
    }

private:
    std::uint64_t length_;

public:
    Bitfield pieces;
};

/// Marks what of the file's first `size_bytes` isn't a hole. Where the file system can't tell, all.
void mark_data(int fd, const ContentFile& file, std::uint64_t size_bytes, PieceMarker& data) {
    std::uint64_t at = 0;
    while (at < size_bytes) {
        const off_t begin = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
        if (begin < 0 && errno == ENXIO) return;  // a hole up to the end
        const off_t end = begin < 0 ? -1 : ::lseek(fd, begin, SEEK_HOLE);
        if (end < 0) {
            data.mark(file.offset_bytes + at, file.offset_bytes + size_bytes);
            return;
        }
        data.mark(file.offset_bytes + std::min(static_cast<std::uint64_t>(begin), size_bytes),
                  file.offset_bytes + std::min(static_cast<std::uint64_t>(end), size_bytes));
        at = static_cast<std::uint64_t>(end);
    }
}

}  // namespace

ContentSurvey survey_content(int directory, const std::vector<ContentFile>& files,
                             std::uint32_t piece_length_bytes) {
    const std::uint64_t total =
        files.empty() ? 0 : files.back().offset_bytes + files.back().size_bytes;
    PieceMarker absent(piece_length_bytes, total);
    PieceMarker data(piece_length_bytes, total);
    ContentSurvey survey;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const ContentFile& file = files[i];
        if (file.pad) continue;
        struct stat info{};
        if (const int error = look_at(directory, file.path, info); error != 0) {
            survey.faults.push_back({.file = i, .error = error});
            absent.mark(file.offset_bytes, file.offset_bytes + file.size_bytes);
            continue;
        }
        ++survey.files_there;
        const auto there = static_cast<std::uint64_t>(info.st_size);
        const std::uint64_t size = std::min(there, file.size_bytes);
        if (there != file.size_bytes)
            survey.faults.push_back({i, size, 0, there > file.size_bytes});
        absent.mark(file.offset_bytes + size, file.offset_bytes + file.size_bytes);
        const bool sparse = info.st_blocks * stat_block_bytes < info.st_size;
        const auto opened =
            sparse ? io::open_beneath(directory, file.path) : std::unexpected(std::error_code());
        if (opened)
            mark_data(opened->get(), file, size, data);
        else
            data.mark(file.offset_bytes, file.offset_bytes + size);
    }
    survey.zeros = Bitfield(absent.pieces.size());
    for (std::size_t piece = 0; piece < survey.zeros.size(); ++piece)
        if (!absent.pieces.test(piece) && !data.pieces.test(piece)) survey.zeros.set(piece);
    survey.absent = std::move(absent.pieces);
    return survey;
}

}  // namespace spate::driver
