#pragma once
// engine/driver/content/content_source.hpp: a torrent's files as a source of the verify pipeline.
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/driver/content/cold_read.hpp"
#include "engine/driver/content/content_reader.hpp"
#include "hashing/piece_source.hpp"

namespace spate::driver {

/// Resident data is read by whoever hashes it; cold data is read ahead, around the page cache.
/// Any number of threads; outlives the pipeline's run.
class ContentSource final : public hashing::PieceSource {
public:
    /// ReadAheads at once. Each has about 10 MiB, so a check needs at most 80, and less when its
    /// data is resident or there is little of it.
    static constexpr std::size_t reads_max = 8;
    /// Data is cold if more than this part of it is missing from the page cache.
    static constexpr std::uint64_t missing_share = 8;
    /// Of many little files only so many are asked.
    static constexpr std::size_t files_asked_max = 32;

    explicit ContentSource(ContentReader& reader) : reader_(reader) {}

    std::expected<std::size_t, int> read(std::uint64_t offset_bytes, MutableBytes out) override {
        return reader_.read(offset_bytes, out);
    }
    bool is_cold(std::span<const hashing::ByteRange> ranges) override;
    std::unique_ptr<hashing::ReadAhead> read_ahead(std::span<const hashing::ByteRange> ranges,
                                                   Patience patience) override;

    /// How many ReadAheads there were, for tests.
    std::size_t reads_made() const { return made_; }

private:
    class Lease;

    std::unique_ptr<ColdRead> take(Patience patience);
    void give_back(std::unique_ptr<ColdRead> read);

    ContentReader& reader_;
    std::mutex mutex_;  // of all below
    std::condition_variable returned_;
    std::vector<std::unique_ptr<ColdRead>> idle_;
    std::size_t made_ = 0;
    /// Too few could be made for the pipeline to go on; nobody gets one any more.
    bool unavailable_ = false;
};

}  // namespace spate::driver
