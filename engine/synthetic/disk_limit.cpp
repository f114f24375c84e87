#include "engine/synthetic/disk_limit.hpp"

#include <array>
#include <atomic>
#include <fcntl.h>
#include <memory>
#include <numeric>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "engine/base/prng.hpp"
#include "engine/synthetic/cpu.hpp"
#include "io/file.hpp"
#include "io/mapping.hpp"
#include "io/ring.hpp"

namespace spate::synthetic {
namespace {

constexpr std::size_t depth = 16;
constexpr std::size_t page_bytes = 4096;

std::string sentence(std::string_view what, const std::filesystem::path& path,
                     std::error_code error) {
    return fmt::format("cannot {} '{}': {}", what, path.string(), error.message());
}

/// The places of whole transfers in a file, shuffled.
std::vector<std::uint64_t> places(std::uint64_t size_bytes, std::uint32_t transfer_bytes,
                                  std::uint64_t random_seed) {
    std::vector<std::uint64_t> order(size_bytes / transfer_bytes);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    Prng(random_seed).shuffle(std::span(order));
    for (std::uint64_t& place : order) place *= transfer_bytes;
    return order;
}

/// Keeps writes under way on one ring until all places were written, or one failed.
class Writer {
public:
    Writer(io::Ring& ring, int fd, MutableBytes memory, std::span<const std::uint64_t> left)
        : ring_(ring), fd_(fd), left_(left), bytes_each_(memory.size() / depth) {
        for (std::size_t slot = 0; slot < depth; ++slot)
            slots_[slot].emplace(*this, memory.subspan(slot * bytes_each_, bytes_each_));
    }

    /// Returns what was written.
    std::uint64_t run(io::Clock& clock, const std::function<bool()>& stop) {
        for (auto& slot : slots_) slot->write_next();
        while (ring_.in_flight() > 0) {
            if (stop && stop()) left_ = {};
            ring_.turn(clock, std::nullopt);
        }
        return written_bytes_;
    }

private:
    struct Slot {
        Slot(Writer& of, MutableBytes bytes) : writer(of), memory(bytes) {}

        void write_next() {
            if (writer.left_.empty()) return;
            const std::uint64_t at = writer.left_.front();
            writer.left_ = writer.left_.subspan(1);
            writer.ring_.submit(operation, [&](io_uring_sqe* entry) {
                io_uring_prep_write(entry, writer.fd_, memory.data(),
                                    static_cast<unsigned>(memory.size()), at);
            });
        }

        void on_written(std::int32_t result, std::uint32_t /*flags*/) {
            if (result < 0) writer.left_ = {};
            if (result > 0) writer.written_bytes_ += static_cast<std::uint64_t>(result);
            write_next();
        }

        Writer& writer;
        MutableBytes memory;
        io::Bound<&Slot::on_written> operation{*this};
    };

    io::Ring& ring_;
    int fd_;
    std::span<const std::uint64_t> left_;
    std::size_t bytes_each_;
    std::uint64_t written_bytes_ = 0;
    std::array<std::optional<Slot>, depth> slots_;  // last: they refer to the others
};

/// On the calling thread, which is the measured one.
std::expected<LimitResult, std::string> write_all(int fd, std::span<const std::uint64_t> order,
                                                  std::uint32_t write_bytes,
                                                  const LimitOptions& options) {
    stay_on_cpu(options.measured_cpu);
    const auto features = io::probe();
    if (!features) return std::unexpected(features.error().sentence());
    auto ring = io::Ring::open(*features);
    if (!ring) return std::unexpected(ring.error().sentence());
    const auto memory = io::PageMapping::create(depth * write_bytes, page_bytes);
    if (!memory) return std::unexpected("no memory to write from");
    std::ranges::fill(memory.memory(), std::byte{1});
    Writer writer(**ring, fd, memory.memory(), order);
    io::Clock clock;
    const double cpu_s = thread_cpu_s();
    const Time started = clock.refresh();
    const std::uint64_t bytes = writer.run(clock, options.stop);
    return LimitResult{.seconds = to_seconds(clock.refresh() - started),
                       .bytes = bytes,
                       .cpu_s = thread_cpu_s() - cpu_s};
}

}  // namespace

std::expected<LimitResult, std::string> measure_read_limit(const std::filesystem::path& path,
                                                           std::uint32_t read_bytes,
                                                           const LimitOptions& options) {
    const io::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0)
        return std::unexpected(sentence("read past the page cache", path, io::last_error()));
    const auto order =
        places(static_cast<std::uint64_t>(status.st_size), read_bytes, options.random_seed);
    std::atomic<std::size_t> next = 0;
    std::atomic<std::uint64_t> bytes = 0;
    io::Clock clock;
    const Time started = clock.refresh();
    {
        std::vector<std::jthread> readers;
        for (std::size_t reader = 0; reader < depth; ++reader)
            readers.emplace_back([&] {
                const auto buffer = io::PageMapping::create(read_bytes, page_bytes);
                for (std::size_t at = next++; at < order.size(); at = next++) {
                    const ssize_t count = ::pread(file.get(), buffer.memory().data(), read_bytes,
                                                  static_cast<off_t>(order[at]));
                    if (count > 0) bytes += static_cast<std::uint64_t>(count);
                }
            });
    }
    return LimitResult{.seconds = to_seconds(clock.refresh() - started), .bytes = bytes};
}

std::expected<LimitResult, std::string> measure_write_limit(const std::filesystem::path& path,
                                                            std::uint64_t size_bytes,
                                                            std::uint32_t write_bytes,
                                                            const LimitOptions& options) {
    constexpr int flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC;
    io::FileDescriptor file(::open(path.c_str(), flags | O_DIRECT, 0600));
    if (!file || write_bytes % page_bytes != 0)
        file = io::FileDescriptor(::open(path.c_str(), flags, 0600));
    if (!file) return std::unexpected(sentence("make", path, io::last_error()));
    ::unlink(path.c_str());
    if (const auto error = io::allocate_blocks(file.get(), size_bytes))
        return std::unexpected(sentence("allocate", path, error));
    const auto order = places(size_bytes, write_bytes, options.random_seed);
    std::expected<LimitResult, std::string> result;
    std::jthread([&] { result = write_all(file.get(), order, write_bytes, options); }).join();
    if (result && result->bytes < order.size() * write_bytes && !(options.stop && options.stop()))
        return std::unexpected(fmt::format("cannot write all of '{}'", path.string()));
    return result;
}

}  // namespace spate::synthetic
