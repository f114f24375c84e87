// read_limit FILE [THREADS]: how fast THREADS threads read FILE from the page cache when they do
// nothing else: the limit of anything that looks at each byte of it. Every thread takes the next
// 256 KiB, into memory that stays in its L2 cache. Prints {"bytes":B,"wall_s":S}.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t read_bytes = 256 * 1024;

/// False when the file can't be read to its end.
bool read_share(int file, std::uint64_t size_bytes, std::atomic<std::uint64_t>& next) {
    std::vector<std::byte> buffer(read_bytes);
    while (true) {
        const std::uint64_t at = next.fetch_add(read_bytes, std::memory_order_relaxed);
        if (at >= size_bytes) return true;
        if (pread(file, buffer.data(), buffer.size(), static_cast<off_t>(at)) <= 0) return false;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int file = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    struct stat status{};
    if (file < 0 || fstat(file, &status) != 0) {
        std::fprintf(stderr, "usage: read_limit FILE [THREADS]\n");
        return EXIT_FAILURE;
    }
    const auto size_bytes = static_cast<std::uint64_t>(status.st_size);
    const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
    std::atomic<std::uint64_t> next{0};
    std::atomic<bool> complete{true};
    const auto start = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> readers;
        for (int i = 0; i < threads; ++i) {
            readers.emplace_back([&] {
                if (!read_share(file, size_bytes, next)) complete = false;
            });
        }
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("{\"bytes\":%llu,\"wall_s\":%.6f}\n", static_cast<unsigned long long>(size_bytes),
                wall.count());
    return complete ? EXIT_SUCCESS : EXIT_FAILURE;
}
