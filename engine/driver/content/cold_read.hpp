#pragma once
// engine/driver/content/cold_read.hpp: reads parts of a torrent from disk, many at once.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/driver/content/content_reader.hpp"
#include "hashing/piece_source.hpp"
#include "io/clock.hpp"
#include "io/file_operations.hpp"
#include "io/mapping.hpp"
#include "io/ring.hpp"

namespace spate::driver {

/// Memory for one hashing::ReadAhead and the ring that fills it. Used again and again: start(),
/// then wait() for each range, then finish(). Threads may take turns.
///
/// Files are read around the page cache (O_DIRECT) in parts of about 1 MiB where they can be, since
/// what is checked once needs no cache and must not push out what others use; little parts, and
/// files without O_DIRECT, go through the cache. Every part of a direct read begins and ends at a
/// multiple of the alignment, so a range that crosses files has gaps until all is there.
class ColdRead {
public:
    static constexpr std::size_t reads_in_flight_max = 32;
    static constexpr std::size_t part_bytes = 1 << 20;
    /// Shorter parts are read through the page cache.
    static constexpr std::size_t direct_bytes_min = 64 << 10;

    /// nullptr without memory or io_uring.
    static std::unique_ptr<ColdRead> make();
    ~ColdRead();
    ColdRead(const ColdRead&) = delete;
    ColdRead& operator=(const ColdRead&) = delete;

    /// The first reads begin. At most read_ahead_bytes_max in all.
    void start(ContentReader& reader, std::span<const hashing::ByteRange> ranges);
    /// All bytes of the range, or none.
    Bytes wait(std::size_t range);
    /// Waits for what is in flight and begins nothing more.
    void finish();

private:
    /// Consecutive bytes of one file, and where in the memory they go.
    struct Part {
        ContentReader::Slice slice;
        bool direct = false;
        std::size_t at = 0;
        bool complete = false;
    };
    struct Range {
        std::size_t first_part = 0;
        std::size_t parts = 0;
        std::size_t size_bytes = 0;
        Bytes content;
    };
    /// A read in flight.
    struct Request {
        explicit Request(ColdRead& read) : owner(read) {}
        void on_read(std::int32_t result, std::uint32_t flags);

        ColdRead& owner;
        Part* part = nullptr;
        ContentReader::Handle file;
        std::size_t wanted_bytes = 0;  // until the part is complete
        io::Bound<&Request::on_read, io::FileOperation<1>> operation{*this};
    };

    ColdRead(std::unique_ptr<io::Ring> ring, io::PageMapping memory);

    void lay_out(const ContentReader::Slice& slice);
    bool fits_direct(std::uint64_t begin, std::uint64_t end) const;
    void begin_reads();
    void begin_read(Request& request, Part& part);
    void settle();
    Bytes join(const Range& range);

    std::unique_ptr<io::Ring> ring_;
    io::Clock clock_;
    io::PageMapping memory_;
    ContentReader* reader_ = nullptr;
    std::vector<Range> ranges_;
    std::vector<Part> parts_;
    std::size_t used_bytes_ = 0;      // of the memory, by parts laid out
    std::size_t unplaced_bytes_ = 0;  // of ranges, not laid out yet
    std::size_t next_part_ = 0;
    bool settled_ = true;
    std::vector<std::unique_ptr<Request>> requests_;
    std::vector<Request*> idle_;
};

}  // namespace spate::driver
