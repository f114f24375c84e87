#pragma once
// tests/engine/driver/tracker/tracker_peers.hpp: both ends of an announce, on loopback.
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "engine/driver/tracker/announce_thread.hpp"
#include "engine/driver/tracker/tracker_service.hpp"
#include "io/probe.hpp"
#include "io/socket.hpp"

namespace spate::driver {

inline std::unique_ptr<TrackerService> start_tracker(std::vector<Endpoint> listen,
                                                     tracker::TrackerServer::Options server = {},
                                                     TrackerLoopLimits limits = {}) {
    const auto features = io::probe();
    EXPECT_TRUE(features) << features.error().sentence();
    auto service = TrackerService::start({.listen = std::move(listen),
                                          .server = std::move(server),
                                          .table_key = {1, 2},
                                          .connection_key = {4, 5},
                                          .seed = 3,
                                          .features = *features,
                                          .limits = limits});
    EXPECT_TRUE(service) << service.error();
    return std::move(*service);
}

inline tracker::AnnounceRequest announce_of(std::uint16_t port, std::uint64_t left = 1) {
    tracker::AnnounceRequest request;
    request.info_hash.bytes.fill(std::byte{0xab});
    request.peer_id.bytes.fill(std::byte{0xcd});
    request.port = port;
    request.left = left;
    request.event = tracker::AnnounceEvent::started;
    return request;
}

/// Submits, and hands the answer out as a future.
inline std::future<tracker::TrackerResult> ask(AnnounceThread& thread, std::string url,
                                               tracker::TrackerRequest request,
                                               std::uint64_t id = 1,
                                               tracker::Origin origin = tracker::Origin::torrent) {
    auto promise = std::make_shared<std::promise<tracker::TrackerResult>>();
    auto answer = promise->get_future();
    const bool accepted = thread.submit(
        {.id = id,
         .url = std::move(url),
         .origin = origin,
         .request = std::move(request),
         .done = [promise](std::uint64_t, auto result) { promise->set_value(std::move(result)); }});
    EXPECT_TRUE(accepted);
    return answer;
}

/// Listens on 127.0.0.1 and gives every client, after its request's head, the same bytes; nothing
/// at all when there are none, until it is destroyed.
class CannedServer {
public:
    explicit CannedServer(std::string answer)
        : answer_(std::move(answer)),
          listener_(std::move(*io::listen_tcp(*Endpoint::parse("127.0.0.1:0")))),
          endpoint_(*io::local_endpoint(listener_.get())),
          thread_([this] { run(); }) {}
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;
    ~CannedServer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }

    std::string url() const { return "http://" + endpoint_.to_string() + "/announce"; }
    int requests() const { return requests_; }

private:
    void run() {
        std::vector<io::FileDescriptor> kept;
        while (true) {
            io::FileDescriptor client(::accept(listener_.get(), nullptr, nullptr));
            if (!client) return;
            ++requests_;
            if (answer_.empty()) {
                kept.push_back(std::move(client));
                continue;
            }
            char head[4096];
            (void)::recv(client.get(), head, sizeof head, 0);
            std::string_view rest = answer_;
            while (!rest.empty()) {
                const ssize_t sent = ::send(client.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
                if (sent <= 0) break;
                rest.remove_prefix(static_cast<std::size_t>(sent));
            }
        }
    }

    std::string answer_;
    io::FileDescriptor listener_;
    Endpoint endpoint_;
    std::atomic<int> requests_{0};
    std::thread thread_;
};

inline std::string http_answer(std::string_view status, std::string_view body,
                               std::string_view headers = "") {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace spate::driver
