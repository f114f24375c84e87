// That the ends work together; how fast they are is for people to look at.
#include <thread>

#include <gtest/gtest.h>

#include "engine/synthetic/disk_limit.hpp"
#include "engine/synthetic/sink.hpp"
#include "engine/synthetic/source.hpp"
#include "io/socket.hpp"
#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::synthetic;

namespace {

LimitOptions quick(std::uint32_t connections) {
    return {.connections = connections, .warm_up = 1ms, .time = 20ms, .stop = [] { return false; }};
}

struct Listening {
    io::FileDescriptor socket =
        std::move(*io::listen_tcp({IpAddress::parse("127.0.0.1").value(), 0}));
    Endpoint at = io::local_endpoint(socket.get()).value();

    io::FileDescriptor accept() const {
        return io::FileDescriptor(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
};

std::vector<std::byte> receive(int fd, std::size_t size) {
    std::vector<std::byte> bytes(size);
    EXPECT_EQ(::recv(fd, bytes.data(), size, MSG_WAITALL), static_cast<ssize_t>(size));
    return bytes;
}

void send(int fd, Bytes bytes) {
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
}

bool never() {
    return false;
}

}  // namespace

TEST(Limits, AreMeasuredWithOneConnectionAndWithSeveral) {
    const Content content = make_content(1 << 20, 256 << 10, 1);
    const driver::ScratchFolder folder;
    ASSERT_TRUE(write_content(content, folder.path()));
    for (const std::uint32_t connections : {1U, 5U}) {
        const auto sent = measure_send_limit(folder / "bench.bin", quick(connections));
        ASSERT_TRUE(sent) << sent.error();
        EXPECT_GT(sent->bytes, 0U);
        const auto received = measure_receive_limit(content, quick(connections));
        ASSERT_TRUE(received) << received.error();
        EXPECT_GT(received->bytes, 0U);
    }
}

TEST(Limits, OfAFileThatIsMissingIsASentence) {
    const driver::ScratchFolder folder;
    EXPECT_FALSE(measure_send_limit(folder / "missing", quick(1)));
    EXPECT_FALSE(measure_read_limit(folder / "missing", 4096, quick(1)));
    EXPECT_FALSE(measure_write_limit(folder / "missing" / "file", 1 << 20, 4096, quick(1)));
}

TEST(Limits, OfTheDiskCoverAllWholePieces) {
    const driver::ScratchFolder folder;
    constexpr std::uint32_t piece_bytes = 48 << 10;
    constexpr std::uint64_t pieces = 40;  // more than are under way at a time
    const auto written =
        measure_write_limit(folder / "written", pieces * piece_bytes + 1, piece_bytes, quick(1));
    ASSERT_TRUE(written) << written.error();
    EXPECT_EQ(written->bytes, pieces * piece_bytes);
    EXPECT_FALSE(std::filesystem::exists(folder / "written"));
    const auto odd = measure_write_limit(folder / "odd", 3 * 1000, 1000, quick(1));
    ASSERT_TRUE(odd) << odd.error();
    EXPECT_EQ(odd->bytes, 3U * 1000);
}

TEST(Source, AnswersARequestWithItsPartOfThePiece) {
    const Content content = make_content(1 << 20, 64 << 10, 1);
    const Listening listening;
    auto source = Source::connect({.connect = {.to = listening.at}}, content);
    ASSERT_TRUE(source) << source.error();
    const io::FileDescriptor peer = listening.accept();
    source->run_for(5ms, never);
    receive(peer.get(), wire::handshake_size_bytes);
    const BlockRef block{PieceIndex(9), 16'384, 16'384};
    std::vector<std::byte> request = greeting(content.torrent.info_hash, 1);
    wire::append_request(request, block);
    send(peer.get(), request);
    source->run_for(5ms, never);
    receive(peer.get(), 5 + 2 + 5);  // BITFIELD and UNCHOKE
    const auto header = receive(peer.get(), wire::piece_header_size_bytes);
    EXPECT_TRUE(std::ranges::equal(header, wire::piece_header(block)));
    const auto payload = receive(peer.get(), block.length);
    EXPECT_TRUE(std::ranges::equal(payload, Bytes(content.piece).subspan(16'384, 16'384)));
}

TEST(Source, ClosesAPeerThatAsksBeyondTheContent) {
    const Content content = make_content(1 << 20, 64 << 10, 1);
    for (const BlockRef block :
         {BlockRef{PieceIndex(16), 0, 16'384}, BlockRef{PieceIndex(0), 65'536, 1},
          BlockRef{PieceIndex(0), 65'535, 2}}) {
        const Listening listening;
        auto source = Source::connect({.connect = {.to = listening.at}}, content);
        ASSERT_TRUE(source) << source.error();
        const io::FileDescriptor peer = listening.accept();
        std::vector<std::byte> request = greeting(content.torrent.info_hash, 1);
        wire::append_request(request, block);
        send(peer.get(), request);
        source->run_for(1s, never);
        EXPECT_TRUE(source->finished());
    }
}

TEST(Sink, AsksForEachPieceOnceWhenUnchoked) {
    const Listening listening;
    auto sink = Sink::connect({.connect = {.to = listening.at},
                               .info_hash = {},
                               .piece_count = 3,
                               .reading = Reading::parsed,
                               .each_piece_once = true});
    ASSERT_TRUE(sink) << sink.error();
    const io::FileDescriptor peer = listening.accept();
    receive(peer.get(), wire::handshake_size_bytes);
    std::vector<std::byte> answer = greeting({}, 1);
    wire::append_message(answer, wire::MessageId::unchoke);
    send(peer.get(), answer);
    sink->wait_until_unchoked(1, 1s, never);
    EXPECT_EQ(sink->unchoked(), 1U);
    receive(peer.get(), 5);  // INTERESTED
    const auto requests = receive(peer.get(), 3 * std::size_t{17});
    std::uint32_t seen = 0;
    for (std::size_t at = 0; at < requests.size(); at += 17)
        seen |= 1U << load_be<std::uint32_t>(requests.data() + at + 5);
    EXPECT_EQ(seen, 0b111U);
    EXPECT_FALSE(sink->finished());
    std::vector<std::byte> blocks;
    for (std::uint32_t piece = 0; piece < 3; ++piece) {
        const auto header = wire::piece_header({PieceIndex(piece), 0, block_size_bytes});
        blocks.insert(blocks.end(), header.begin(), header.end());
        blocks.resize(blocks.size() + block_size_bytes);
    }
    send(peer.get(), blocks);
    sink->run_for(1s, never);
    EXPECT_TRUE(sink->finished());
}

TEST(Sink, CountsChokesAndClosedConnections) {
    const Listening listening;
    auto sink = Sink::connect(
        {.connect = {.to = listening.at}, .info_hash = {}, .reading = Reading::parsed});
    ASSERT_TRUE(sink) << sink.error();
    io::FileDescriptor peer = listening.accept();
    std::vector<std::byte> answer = greeting({}, 1);
    wire::append_message(answer, wire::MessageId::unchoke);
    wire::append_message(answer, wire::MessageId::choke);
    send(peer.get(), answer);
    sink->run_for(20ms, never);
    EXPECT_EQ(sink->unchoked(), 0U);
    peer.reset();
    sink->run_for(1s, never);
    EXPECT_EQ(sink->closed(), 1U);
    EXPECT_TRUE(sink->finished());
}
