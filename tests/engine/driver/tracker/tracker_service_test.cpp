#include "engine/driver/tracker/tracker_service.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <sys/time.h>

#include <gtest/gtest.h>

#include "tests/engine/driver/tracker/tracker_peers.hpp"

using namespace spate;
using namespace spate::driver;

namespace {

const Endpoint any_port = *Endpoint::parse("127.0.0.1:0");

io::FileDescriptor connect_to(const Endpoint& at) {
    io::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const io::SocketAddress address(at);
    EXPECT_EQ(::connect(socket.get(), address.data(), address.size_bytes()), 0);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket;
}

void send_text(const io::FileDescriptor& socket, std::string_view text) {
    EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
}

/// What comes until the tracker closes, or until `count` bytes.
std::string receive_text(const io::FileDescriptor& socket, std::size_t count = SIZE_MAX) {
    std::string text;
    char part[4096];
    while (text.size() < count) {
        const ssize_t size = ::recv(socket.get(), part, sizeof part, 0);
        if (size < 0 && errno == EINTR) continue;  // a ring of ours was torn down meanwhile
        if (size <= 0) break;
        text.append(part, static_cast<std::size_t>(size));
    }
    return text;
}

std::size_t occurrences(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + 1))
        ++count;
    return count;
}

}  // namespace

TEST(TrackerService, AnswersPipelinedRequestsInOrderOnOneConnection) {
    const auto tracker = start_tracker({any_port});
    const auto client = connect_to(tracker->endpoints()[0]);
    send_text(client,
              "GET / HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: "
              "close\r\n\r\n");
    const std::string answers = receive_text(client);
    EXPECT_EQ(occurrences(answers, "HTTP/1.1 200 OK"), 2U);
    EXPECT_EQ(occurrences(answers, "HTTP/1.1 404 Not Found"), 1U);
    EXPECT_NE(answers.find("spate tracker"), std::string::npos);
}

TEST(TrackerService, ListensOnSeveralAddressesWithTcpAndUdpOnTheSamePort) {
    const auto tracker = start_tracker({any_port, any_port, *Endpoint::parse("[::1]:0")});
    ASSERT_EQ(tracker->endpoints().size(), 3U);
    for (const Endpoint& at : tracker->endpoints()) {
        EXPECT_NE(at.port, 0);
        EXPECT_FALSE(io::bind_udp(at)) << "taken";
        EXPECT_FALSE(io::listen_tcp(at)) << "taken";
    }
}

TEST(TrackerService, SaysWhichAddressItCannotHave) {
    const auto first = start_tracker({any_port});
    const auto second =
        TrackerService::start({.listen = first->endpoints(), .features = *io::probe()});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), "the tracker cannot listen on " + first->endpoints()[0].to_string() +
                                  ": Address already in use");
}

TEST(TrackerService, ClosesConnectionsThatTrickle) {
    const auto tracker = start_tracker({any_port}, {}, {.idle_timeout = 200ms});
    const auto client = connect_to(tracker->endpoints()[0]);
    send_text(client, "GET / HTTP/1.1\r\n");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(receive_text(client), "");
    const auto waited = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(waited, 100ms);
    EXPECT_LT(waited, 4s);
}

TEST(TrackerService, RefusesMoreConnectionsThanItsLimitUntilOneEnds) {
    const auto tracker = start_tracker({any_port}, {}, {.connections_max = 1});
    auto first = connect_to(tracker->endpoints()[0]);
    send_text(first, "GET / HTTP/1.1\r\n\r\n");
    EXPECT_FALSE(receive_text(first, 1).empty());
    EXPECT_EQ(receive_text(connect_to(tracker->endpoints()[0])), "");
    first.reset();
    std::string answer;
    for (int i = 0; i < 100 && answer.empty(); ++i) {
        std::this_thread::sleep_for(10ms);
        const auto later = connect_to(tracker->endpoints()[0]);
        constexpr std::string_view question = "GET / HTTP/1.0\r\n\r\n";
        (void)::send(later.get(), question.data(), question.size(), MSG_NOSIGNAL);
        answer = receive_text(later);
    }
    EXPECT_EQ(occurrences(answer, "200 OK"), 1U);
}

TEST(TrackerService, CutsOffWhoSendsWithoutEnd) {
    const auto tracker = start_tracker({any_port});
    const auto client = connect_to(tracker->endpoints()[0]);
    const std::string flood(tracker::http_request_head_size_max + 1, 'x');
    send_text(client, flood);
    EXPECT_TRUE(receive_text(client).starts_with("HTTP/1.1 431 "));
}

TEST(TrackerService, SurvivesClientsThatVanish) {
    const auto tracker = start_tracker({any_port});
    for (int i = 0; i < 100; ++i) {
        const auto client = connect_to(tracker->endpoints()[0]);
        send_text(client, "GET / HTTP/1.1\r\n\r\nGET / HT");
        if (i % 2 == 0) io::set_reset_on_close(client.get());
    }
    const auto client = connect_to(tracker->endpoints()[0]);
    send_text(client, "GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(occurrences(receive_text(client), "200 OK"), 1U);
}

TEST(TrackerService, CountsAndStopsWithConnectionsOpen) {
    const auto tracker = start_tracker({any_port});
    const auto idle = connect_to(tracker->endpoints()[0]);
    const auto thread = std::move(*AnnounceThread::start({.seed = 1}));
    const std::string at = tracker->endpoints()[0].to_string();
    std::vector<std::future<tracker::TrackerResult>> answers;
    for (std::uint16_t port = 1; port <= 200; ++port)
        answers.push_back(ask(*thread, (port % 2 == 0 ? "udp://" : "http://") + at + "/announce",
                              announce_of(port)));
    for (auto& answer : answers) EXPECT_TRUE(answer.get());
    EXPECT_EQ(tracker->statistics().leechers, 200U);
    EXPECT_EQ(tracker->statistics().announces, 200U);
    EXPECT_EQ(tracker->statistics().torrents, 1U);
    tracker->stop();
    EXPECT_TRUE(io::listen_tcp(tracker->endpoints()[0], {.reuse_port = true}));
}
