#include "engine/driver/content/content_source.hpp"

#include <algorithm>
#include <utility>

#include "hashing/verify_pipeline.hpp"
#include "io/page_cache.hpp"

namespace spate::driver {

// Those that wait hold none, so one more than the batches that wait for a thread is enough.
static_assert(ContentSource::reads_max > hashing::batches_ahead);

class ContentSource::Lease final : public hashing::ReadAhead {
public:
    Lease(ContentSource& source, std::unique_ptr<ColdRead> read)
        : source_(source), read_(std::move(read)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() override {
        read_->finish();
        source_.give_back(std::move(read_));
    }

    Bytes wait(std::size_t index) override { return read_->wait(index); }

private:
    ContentSource& source_;
    std::unique_ptr<ColdRead> read_;
};

bool ContentSource::is_cold(std::span<const hashing::ByteRange> ranges) {
    std::uint64_t asked = 0;
    std::uint64_t resident = 0;
    std::size_t files = 0;
    for (const hashing::ByteRange& range : ranges) {
        for (const ContentReader::Slice& slice : reader_.slices(range)) {
            if (slice.pad) continue;
            if (++files > files_asked_max) break;
            const auto file = reader_.open(slice.file);
            if (!file) continue;  // read() tells why
            asked += slice.size_bytes;
            resident += io::resident_bytes((*file)->get(), slice.offset_bytes, slice.size_bytes);
        }
    }
    return (asked - std::min(resident, asked)) * missing_share > asked;
}

std::unique_ptr<hashing::ReadAhead> ContentSource::read_ahead(
    std::span<const hashing::ByteRange> ranges, Patience patience) {
    auto read = take(patience);
    if (!read) return nullptr;
    read->start(reader_, ranges);
    return std::make_unique<Lease>(*this, std::move(read));
}

std::unique_ptr<ColdRead> ContentSource::take(Patience patience) {
    std::unique_lock lock(mutex_);
    while (!unavailable_) {
        if (!idle_.empty()) {
            auto read = std::move(idle_.back());
            idle_.pop_back();
            return read;
        }
        if (made_ < reads_max) {
            if (auto read = ColdRead::make()) {
                ++made_;
                return read;
            }
            unavailable_ = made_ <= hashing::batches_ahead;
            returned_.notify_all();
        }
        if (unavailable_ || patience == Patience::at_once) return nullptr;
        returned_.wait(lock);
    }
    return nullptr;
}

void ContentSource::give_back(std::unique_ptr<ColdRead> read) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(read));
    returned_.notify_one();
}

}  // namespace spate::driver
