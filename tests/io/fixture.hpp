#pragma once
// tests/io/fixture.hpp: what the io tests share.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io/clock.hpp"
#include "io/file.hpp"
#include "io/operation.hpp"
#include "io/ring.hpp"
#include "io/socket.hpp"

namespace spate::io {

inline Features features_or_die() {
    auto features = probe();
    if (!features) {
        std::fprintf(stderr, "%s\n", features.error().sentence().c_str());
        std::abort();
    }
    return *features;
}

/// An operation that notes its completions.
template <class Base = Operation>
class Recorded : public Base {
public:
    struct Completion {
        std::int32_t result;
        std::uint32_t flags;
    };

    Recorded() : Base(&note) {}

    std::vector<Completion> completions;
    bool done() const { return !completions.empty() && !this->in_flight(); }
    std::int32_t result() const { return completions.back().result; }

private:
    static void note(Operation& operation, std::int32_t result, std::uint32_t flags) {
        static_cast<Recorded&>(operation).completions.push_back({result, flags});
    }
};

/// Every test runs on the kernel's best features and as on 5.19.
class RingTest : public testing::TestWithParam<bool> {
protected:
    static constexpr Duration patience = 10s;

    explicit RingTest(const RingOptions& options = {}) {
        auto features = features_or_die();
        auto opened = Ring::open(GetParam() ? features.as_on_5_19() : features, options);
        if (!opened) std::abort();
        ring = std::move(*opened);
    }

    ~RingTest() override { EXPECT_TRUE(ring->drain(clock, patience)); }

    /// Turns until `condition()` or patience ends.
    template <class Condition>
    [[nodiscard]] bool turn_until(Condition condition) {
        const Time end = clock.refresh() + patience;
        while (!condition()) {
            if (clock.now() >= end) return false;
            ring->turn(clock, end);
        }
        return true;
    }

    Clock clock;
    std::unique_ptr<Ring> ring;
};

inline std::string feature_name(const testing::TestParamInfo<bool>& info) {
    return info.param ? "as_on_5_19" : "best";
}

#define SPATE_ON_ALL_FEATURES(suite) \
    INSTANTIATE_TEST_SUITE_P(Kernels, suite, testing::Bool(), feature_name)

/// A connected pair of TCP sockets on loopback.
struct TcpPair {
    FileDescriptor client;
    FileDescriptor server;
};

inline TcpPair connected_pair(int buffer_bytes = 0) {
    const auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0"));
    const SocketAddress address(*local_endpoint(listener->get()));
    TcpPair pair;
    pair.client = std::move(*open_tcp(IpAddress::Family::v4));
    if (buffer_bytes > 0) set_send_buffer(pair.client.get(), buffer_bytes);
    if (buffer_bytes > 0) set_receive_buffer(listener->get(), buffer_bytes);
    if (::connect(pair.client.get(), address.data(), address.size_bytes()) != 0) std::abort();
    pair.server = FileDescriptor(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!pair.server) std::abort();
    return pair;
}

/// A directory that goes with its content.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = testing::TempDir() + "spate_io_XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
        directory_ = std::move(*open_directory(path_));
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

    int fd() const { return directory_.get(); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
    FileDescriptor directory_;
};

/// Runs `body` in a forked child; true when it returned true there.
template <class Body>
bool holds_in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body() ? 0 : 1);
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

}  // namespace spate::io
