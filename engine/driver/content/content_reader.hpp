#pragma once
// engine/driver/content/content_reader.hpp: a torrent's data on disk as one run of bytes.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "hashing/piece_source.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

/// A file's place in the run.
struct ContentFile {
    /// Below the folder that the reader is given.
    std::string path;
    std::uint64_t offset_bytes = 0;
    std::uint64_t size_bytes = 0;
    /// Zeros, without a file on disk.
    bool pad = false;
};

/// The torrent's files as they lie below its download folder.
std::vector<ContentFile> content_files(const metainfo::Metainfo& torrent);

/// Reads across the borders of files, and opens each when it is first needed, for reading only.
/// Links that the user made are followed. Any number of threads; blocks.
class ContentReader {
public:
    /// Files held open at once, each by a descriptor or two; the one unused for longest is closed
    /// for the next.
    static constexpr std::size_t open_files_max = 128;

    struct Place {
        std::size_t file = 0;
        std::uint64_t offset_bytes = 0;
    };
    /// Consecutive bytes of one file; never empty.
    struct Slice {
        std::size_t file = 0;
        std::uint64_t offset_bytes = 0;
        std::uint64_t size_bytes = 0;
        bool pad = false;
    };
    using Handle = std::shared_ptr<const io::FileDescriptor>;

    /// `directory` is an open folder and outlives the reader; the files are in order of their
    /// offsets, without gaps.
    ContentReader(int directory, std::vector<ContentFile> files);

    /// Fills the front of `out` from byte `offset_bytes` of the run and says how much. 0: the run,
    /// or the file that should hold the byte, ends there. Errors are an errno.
    std::expected<std::size_t, int> read(std::uint64_t offset_bytes, MutableBytes out);

    /// The file that holds the byte, which lies within the run.
    Place find(std::uint64_t offset_bytes) const;

    /// The parts of a range that lies within the run, in order.
    std::vector<Slice> slices(const hashing::ByteRange& range) const;

    /// The file, kept open while the handle is held. Errors are an errno.
    std::expected<Handle, int> open(std::size_t file);
    /// The file opened for O_DIRECT with an alignment of at most direct_alignment_bytes; none where
    /// there is no such thing.
    Handle open_direct(std::size_t file);
    static constexpr std::size_t direct_alignment_bytes = 4096;

    const std::vector<ContentFile>& files() const { return files_; }
    std::uint64_t total_bytes() const;

private:
    struct Slot {
        Handle handle;
        Handle direct;
        bool never_direct = false;
        std::uint64_t used_at = 0;
    };

    void use(std::size_t file);
    void close_the_oldest();

    const int directory_;
    const std::vector<ContentFile> files_;
    std::vector<std::size_t> with_bytes_;  // indices of files that aren't empty
    std::mutex mutex_;
    std::vector<Slot> slots_;
    std::vector<std::size_t> opened_;
    std::uint64_t uses_ = 0;
};

}  // namespace spate::driver
