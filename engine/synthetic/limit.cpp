#include "engine/synthetic/limit.hpp"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <thread>

#include <fmt/format.h>

#include "engine/synthetic/cpu.hpp"
#include "engine/synthetic/sink.hpp"
#include "engine/synthetic/source.hpp"
#include "io/socket.hpp"

namespace spate::synthetic {
namespace {

constexpr std::size_t transfer_bytes = 256 << 10;
/// The measured end sleeps when it has nothing to do, as any server does.
constexpr int sleep_ms = 10;
constexpr std::size_t blocks = transfer_bytes / block_size_bytes;

/// A whole file, for reading.
class FileMapping {
public:
    explicit FileMapping(const std::filesystem::path& path) {
        const io::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status{};
        if (!file || ::fstat(file.get(), &status) != 0 || status.st_size == 0) return;
        const auto size = static_cast<std::size_t>(status.st_size);
        void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file.get(), 0);
        if (at != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(at), size};
    }
    FileMapping(const FileMapping&) = delete;
    FileMapping& operator=(const FileMapping&) = delete;
    ~FileMapping() {
        if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }
    Bytes bytes() const { return bytes_; }

private:
    Bytes bytes_;
};

/// Runs the measured end on a thread of its own, which is where its CPU time is taken. `work` is
/// done for a connection that is ready, by its number and descriptor; false closes it.
class MeasuredEnd {
public:
    using Work = std::function<bool(std::uint32_t, int)>;

    MeasuredEnd(io::FileDescriptor listening, std::uint32_t events, const LimitOptions& options,
                Work work)
        : listening_(std::move(listening)),
          events_(events),
          options_(options),
          work_(std::move(work)),
          thread_([this](const std::stop_token& stop) { run(stop); }) {}

    /// From now on CPU time counts, or no longer. Waits until the thread knows.
    double mark() {
        wanted_marks_.fetch_add(1);
        while (marks_.load() != wanted_marks_.load()) std::this_thread::yield();
        return cpu_s_.load();
    }

private:
    void run(const std::stop_token& stop) {
        stay_on_cpu(options_.measured_cpu);
        PollSet poll;
        std::vector<io::FileDescriptor> sockets;
        set_nonblocking(listening_.get());
        while (!stop.stop_requested()) {
            if (sockets.size() < options_.connections) accept_one(poll, sockets);
            const bool all_here = sockets.size() == options_.connections;
            for (const epoll_event& event : poll.wait(all_here ? sleep_ms : 0)) {
                const std::uint32_t number = event.data.u32;
                if (sockets[number] && !work_(number, sockets[number].get()))
                    sockets[number].reset();
            }
            if (marks_.load() != wanted_marks_.load()) {
                cpu_s_.store(thread_cpu_s());
                marks_.fetch_add(1);
            }
        }
    }

    void accept_one(PollSet& poll, std::vector<io::FileDescriptor>& sockets) {
        io::FileDescriptor socket(
            ::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket || io::set_no_delay(socket.get()) || io::set_reset_on_close(socket.get()))
            return;
        poll.add(socket.get(), static_cast<std::uint32_t>(sockets.size()), events_);
        sockets.push_back(std::move(socket));
    }

    io::FileDescriptor listening_;
    std::uint32_t events_;
    const LimitOptions& options_;
    Work work_;
    std::atomic<std::uint32_t> wanted_marks_ = 0;
    std::atomic<std::uint32_t> marks_ = 0;
    std::atomic<double> cpu_s_ = 0;
    std::jthread thread_;  // last: it uses the others
};

/// What one connection still has to send of sixteen blocks.
struct Sending {
    std::size_t at = 0;
    std::size_t sent = blocks * (wire::piece_header_size_bytes + block_size_bytes);
};

class Sender {
public:
    Sender(Bytes file, const LimitOptions& options)
        : file_(file), random_(options.random_seed), sending_(options.connections) {
        for (std::size_t block = 0; block < blocks; ++block)
            headers_[block] = wire::piece_header(
                {PieceIndex(0), static_cast<std::uint32_t>(block) << 14, block_size_bytes});
    }

    bool send(std::uint32_t number, int fd) {
        Sending& state = sending_[number];
        constexpr std::size_t message = wire::piece_header_size_bytes + block_size_bytes;
        if (state.sent == blocks * message) {
            const std::uint64_t pieces = std::max<std::uint64_t>(file_.size() / transfer_bytes, 1);
            state = {.at = random_.below(pieces) * transfer_bytes, .sent = 0};
        }
        std::array<iovec, 2 * blocks> parts;
        std::size_t used = 0;
        std::size_t skip = state.sent;
        const auto add = [&](const std::byte* at, std::size_t size) {
            const std::size_t gone = std::min(skip, size);
            skip -= gone;
            if (gone < size) parts[used++] = {const_cast<std::byte*>(at) + gone, size - gone};
        };
        for (std::size_t block = 0; block < blocks; ++block) {
            add(headers_[block].data(), headers_[block].size());
            add(file_.data() + (state.at + block * block_size_bytes) % file_.size(),
                block_size_bytes);
        }
        msghdr whole{};
        whole.msg_iov = parts.data();
        whole.msg_iovlen = used;
        const ssize_t count = ::sendmsg(fd, &whole, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) state.sent += static_cast<std::size_t>(count);
        return count > 0 || errno == EAGAIN;
    }

private:
    Bytes file_;
    Prng random_;
    std::vector<Sending> sending_;
    std::array<wire::PieceHeader, blocks> headers_{};
};

class Receiver {
public:
    explicit Receiver(std::uint32_t connections)
        : buffers_(std::max<std::size_t>(kept_buffers, connections) * transfer_bytes),
          receiving_(connections) {}

    bool receive(std::uint32_t number, int fd) {
        Receiving& state = receiving_[number];
        if (state.left == 0) {
            state = {.at = next_, .left = transfer_bytes};
            next_ = (next_ + transfer_bytes) % buffers_.size();
        }
        const ssize_t count = ::recv(fd, buffers_.data() + state.at, state.left, MSG_DONTWAIT);
        if (count > 0) {
            state.at += static_cast<std::size_t>(count);
            state.left -= static_cast<std::size_t>(count);
        }
        return count > 0 || (count < 0 && errno == EAGAIN);
    }

private:
    static constexpr std::size_t kept_buffers = (64 << 20) / transfer_bytes;

    /// What one connection's buffer has room for.
    struct Receiving {
        std::size_t at = 0;
        std::size_t left = 0;
    };

    std::vector<std::byte> buffers_;
    std::vector<Receiving> receiving_;
    std::size_t next_ = 0;
};

std::expected<io::FileDescriptor, std::string> listen_on_loopback() {
    auto listening = io::listen_tcp({IpAddress::parse("127.0.0.1").value(), 0});
    if (listening) return std::move(*listening);
    return std::unexpected("cannot listen on loopback: " + listening.error().message());
}

/// Runs the other end here, and takes the measured end's time while it works.
template <class End>
LimitResult measure(MeasuredEnd& measured, End& end, std::uint64_t (End::*count)() const,
                    const LimitOptions& options) {
    io::Clock clock;
    end.run_for(options.warm_up, options.stop);
    const std::uint64_t bytes = (end.*count)();
    const double cpu_s = measured.mark();
    const Time started = clock.refresh();
    end.run_for(options.time, options.stop);
    const double seconds = to_seconds(clock.refresh() - started);
    return {.seconds = seconds, .bytes = (end.*count)() - bytes, .cpu_s = measured.mark() - cpu_s};
}

}  // namespace

std::expected<LimitResult, std::string> measure_send_limit(const std::filesystem::path& path,
                                                           const LimitOptions& options) {
    const FileMapping file(path);
    if (file.bytes().size() < block_size_bytes)
        return std::unexpected(fmt::format("cannot map '{}'", path.string()));
    auto listening = listen_on_loopback();
    if (!listening) return std::unexpected(listening.error());
    const Endpoint at = io::local_endpoint(listening->get()).value();
    Sender sender(file.bytes(), options);
    MeasuredEnd measured(std::move(*listening), EPOLLOUT, options,
                         [&](std::uint32_t number, int fd) { return sender.send(number, fd); });
    stay_on_cpu(options.other_cpu);
    auto sink = Sink::connect({.connect = {.to = at, .count = options.connections},
                               .info_hash = {},
                               .reading = Reading::unasked});
    if (!sink) return std::unexpected(sink.error());
    return measure(measured, *sink, &Sink::received_bytes, options);
}

std::expected<LimitResult, std::string> measure_receive_limit(const Content& content,
                                                              const LimitOptions& options) {
    auto listening = listen_on_loopback();
    if (!listening) return std::unexpected(listening.error());
    const Endpoint at = io::local_endpoint(listening->get()).value();
    Receiver receiver(options.connections);
    MeasuredEnd measured(
        std::move(*listening), EPOLLIN, options,
        [&](std::uint32_t number, int fd) { return receiver.receive(number, fd); });
    stay_on_cpu(options.other_cpu);
    auto source = Source::connect(
        {.connect = {.to = at, .count = options.connections}, .unasked = true}, content);
    if (!source) return std::unexpected(source.error());
    return measure(measured, *source, &Source::sent_bytes, options);
}

}  // namespace spate::synthetic
