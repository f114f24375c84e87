// Whole engines on loopback sockets and real files, several cores each: what the sanitizers must
// see.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "engine/driver/content/resume_file.hpp"
#include "engine/driver/engine.hpp"
#include "engine/driver/verdict.hpp"
#include "engine/metainfo/torrent_writer.hpp"
#include "hashing/digest.hpp"

using namespace spate;
using namespace spate::driver;
namespace fs = std::filesystem;

namespace {

/// A folder that goes with the test.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (fs::temp_directory_path() / "spate-transfer-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~ScratchFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    fs::path operator/(const char* name) const { return path_ / name; }

private:
    fs::path path_;
};

std::vector<std::byte> random_bytes(std::size_t size, std::uint64_t seed) {
    Prng random(seed);
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
        const std::uint64_t word = random();
        std::memcpy(bytes.data() + i, &word, 8);
    }
    return bytes;
}

void write_file(const fs::path& path, Bytes content) {
    fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
}

std::vector<std::byte> read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    const Bytes bytes = as_bytes(content);
    return {bytes.begin(), bytes.end()};
}

/// Three files whose borders lie inside pieces, one of them empty, below FOLDER/name.
struct Content {
    std::shared_ptr<const metainfo::Metainfo> metainfo;
    std::vector<std::pair<std::string, std::vector<std::byte>>> files;
};

Content make_content(const fs::path& folder, std::size_t size_bytes, std::uint32_t piece_length) {
    const auto all = random_bytes(size_bytes, 42);
    Content content;
    const std::size_t first = size_bytes / 3 + 1234;
    content.files = {{"a", {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first)}},
                     {"empty", {}},
                     {"z", {all.begin() + static_cast<std::ptrdiff_t>(first), all.end()}}};
    metainfo::NewTorrent torrent;
    torrent.name = "content";
    torrent.single_file = false;
    torrent.piece_length_bytes = piece_length;
    for (const auto& [name, bytes] : content.files) {
        torrent.files.push_back({.path = {name}, .size_bytes = bytes.size()});
        write_file(folder / "content" / name, bytes);
    }
    for (std::size_t at = 0; at < all.size(); at += piece_length)
        torrent.piece_hashes.push_back(hashing::sha1(
            Bytes(all).subspan(at, std::min<std::size_t>(piece_length, all.size() - at))));
    auto parsed = metainfo::parse_torrent(metainfo::write_torrent(torrent));
    EXPECT_TRUE(parsed) << parsed.error().sentence;
    content.metainfo = std::make_shared<const metainfo::Metainfo>(std::move(*parsed));
    return content;
}

std::unique_ptr<Engine> start_engine(std::size_t cores, const hashing::Hasher& hasher,
                                     std::uint64_t seed, EngineOptions options = {}) {
    options.listen = {*Endpoint::parse("127.0.0.1:0")};
    options.cpus.assign(cores, 0);
    options.loopback_only = true;
    if (!options.secret) options.secret = Prng(seed);
    auto engine = Engine::start(std::move(options), hasher);
    EXPECT_TRUE(engine) << engine.error();
    return engine ? std::move(*engine) : nullptr;
}

Bitfield all_pieces(const metainfo::Metainfo& metainfo) {
    Bitfield have(metainfo.piece_count());
    have.set_all();
    return have;
}

/// An engine that seeds what make_content() wrote to `folder`.
std::unique_ptr<Engine> start_seed(std::size_t cores, const hashing::Hasher& hasher,
                                   const Content& content, const fs::path& folder,
                                   EngineOptions options = {}) {
    auto engine = start_engine(cores, hasher, 1, std::move(options));
    if (engine) {
        const auto id = engine->add({.metainfo = content.metainfo,
                                     .folder = folder,
                                     .have = all_pieces(*content.metainfo)});
        EXPECT_TRUE(id) << id.error();
    }
    return engine;
}

/// Polls events until the torrent is complete; false when it failed or took too long.
bool wait_until_complete(Engine& engine, TorrentId id, std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < deadline) {
        while (const auto event = engine.poll_event()) {
            if (const auto* stopped = std::get_if<TorrentStopped>(&*event)) {
                ADD_FAILURE() << stopped->reason;
                return false;
            }
        }
        if (engine.status(id).complete) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

/// Polls events until a torrent stops by itself: why; empty when none did within 10 s.
std::string wait_until_stopped(Engine& engine) {
    for (int i = 0; i < 2'000; ++i) {
        if (const auto event = engine.poll_event())
            if (const auto* stopped = std::get_if<TorrentStopped>(&*event)) return stopped->reason;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return {};
}

/// The next event of this kind; nothing when none came within 10 s.
template <class Event>
std::optional<Event> wait_for(Engine& engine) {
    for (int i = 0; i < 2'000; ++i) {
        if (auto event = engine.poll_event())
            if (auto* const wanted = std::get_if<Event>(&*event)) return std::move(*wanted);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return std::nullopt;
}

struct Transfer {
    std::size_t cores_seed;
    std::size_t cores_get;
    std::size_t getters;
    std::uint32_t piece_length;
};

std::uint64_t count(const Engine& engine, session::LatencyStage stage) {
    return engine.ledger().total_latencies()[stage].count();
}

class Transfers : public testing::TestWithParam<Transfer> {};

}  // namespace

TEST_P(Transfers, EveryByteArrives) {
    const auto [cores_seed, cores_get, getters, piece_length] = GetParam();
    const ScratchFolder folder;
    const hashing::Hasher hasher = hashing::Hasher::best();
    const Content content = make_content(folder / "seed", 24'000'000, piece_length);
    const auto seed = start_seed(cores_seed, hasher, content, folder / "seed");
    ASSERT_TRUE(seed);
    std::vector<std::unique_ptr<Engine>> engines;
    for (std::size_t i = 0; i < getters; ++i) {
        engines.push_back(start_engine(cores_get, hasher, 2 + i));
        const std::string name = "get" + std::to_string(i);
        std::vector<Endpoint> peers = seed->listening();
        if (i > 0) peers.push_back(engines[i - 1]->listening().front());
        const auto id = engines[i]->add(
            {.metainfo = content.metainfo, .folder = folder / name.c_str(), .peers = peers});
        ASSERT_TRUE(id) << id.error();
    }
    for (std::size_t i = 0; i < getters; ++i) {
        EXPECT_TRUE(wait_until_complete(*engines[i], TorrentId(0), std::chrono::seconds(60)));
        const std::string name = "get" + std::to_string(i);
        for (const auto& [file, bytes] : content.files)
            EXPECT_TRUE(read_file(folder / name.c_str() / "content" / file) == bytes) << file;
    }
    for (const auto& engine : engines) engine->stop(std::chrono::seconds(1));
    seed->stop(std::chrono::seconds(1));
    EXPECT_GE(seed->ledger().total().connections, getters);
    EXPECT_GT(seed->ledger().total().bytes_sent, 24'000'000U);
    using enum session::LatencyStage;
    const std::size_t pieces = content.metainfo->piece_count();
    const std::size_t blocks = content.metainfo->total_bytes / block_size_bytes;
    EXPECT_GE(count(*seed, request_to_send), blocks);
    EXPECT_GT(count(*seed, send), 0U);
    EXPECT_GE(count(*engines[0], session::LatencyStage::block), blocks);
    EXPECT_GE(count(*engines[0], hash), pieces);
    EXPECT_GE(count(*engines[0], write), pieces);
    EXPECT_GT(count(*engines[0], loop), 0U);
    EXPECT_GT(count(*seed, mailbox), 0U);
}

INSTANTIATE_TEST_SUITE_P(Engine, Transfers,
                         testing::Values(Transfer{1, 1, 1, 256 * 1024},
                                         Transfer{2, 2, 1, 16 * 1024}, Transfer{2, 2, 4, 64 * 1024},
                                         Transfer{1, 2, 2, 4 * 1024 * 1024}));

TEST(Secrets, EachIsDrawnApart) {
    int drawn = 0;
    EngineOptions options;
    options.secret = [&drawn] { return static_cast<std::uint64_t>(++drawn); };
    constexpr std::size_t cores = 2;
    const auto engine = start_engine(cores, hashing::Hasher::best(), 0, std::move(options));
    ASSERT_TRUE(engine);
    // Peer id, tracker key, and the announces' numbers; of each core two halves of a key, the
    // tables' seed and the pseudo-random numbers.
    EXPECT_EQ(drawn, 3 + 4 * static_cast<int>(cores));
}

TEST(Transfer, AFileTruncatedUnderASeedIsNamedAndItsPiecesAreMissing) {
    const ScratchFolder folder;
    const hashing::Hasher hasher = hashing::Hasher::best();
    const Content content = make_content(folder / "seed", 24'000'000, 256 * 1024);
    const auto seed = start_seed(1, hasher, content, folder / "seed");
    ASSERT_TRUE(seed);
    fs::resize_file(folder / "seed" / "content" / "z", 1000);
    const auto get = start_engine(1, hasher, 2);
    const auto id = get->add(
        {.metainfo = content.metainfo, .folder = folder / "get", .peers = seed->listening()});
    ASSERT_TRUE(id);
    const auto doubt = wait_for<FileDoubted>(*seed);
    ASSERT_TRUE(doubt);
    EXPECT_NE(doubt->sentence.find("content/z"), std::string::npos) << doubt->sentence;
    const Bitfield doubtful = seed->doubtful_pieces(doubt->torrent);
    EXPECT_FALSE(doubtful.none());
    EXPECT_FALSE(seed->status(doubt->torrent).complete);
    EXPECT_FALSE(get->status(*id).complete);
    // As it is mended: what is found comes back, and the peer gets the rest of it.
    write_file(folder / "seed" / "content" / "z", content.files[2].second);
    seed->settle(doubt->torrent, {.files = {}, .checked = doubtful, .good = doubtful});
    EXPECT_TRUE(wait_until_complete(*get, *id, std::chrono::seconds(60)));
    get->stop(std::chrono::seconds(1));
    seed->stop(std::chrono::seconds(1));
}

TEST(Transfer, TheLookOfAFileCoversOnlyThePartThatWasChecked) {
    const ScratchFolder folder;
    const hashing::Hasher hasher = hashing::Hasher::best();
    const Content content = make_content(folder / "seed", 2'000'000, 64 * 1024);
    constexpr std::uint32_t changed = 2;
    const auto seed = start_engine(1, hasher, 1);
    ASSERT_TRUE(seed);
    const auto id = seed->add({.metainfo = content.metainfo,
                               .folder = folder / "seed",
                               .have = all_pieces(*content.metainfo),
                               .stamps = stamp_files(*content.metainfo, folder / "seed")});
    ASSERT_TRUE(id);
    write_file(folder / "seed" / "content" / content.files[changed].first,
               std::vector<std::byte>(content.files[changed].second.size()));
    const auto looks = stamp_files(*content.metainfo, folder / "seed")[changed];
    const Bitfield none(content.metainfo->piece_count());
    seed->settle(*id, {.files = {{changed, looks}}, .checked = none, .good = none});
    const auto get = start_engine(1, hasher, 2);
    ASSERT_TRUE(get->add(
        {.metainfo = content.metainfo, .folder = folder / "get", .peers = seed->listening()}));
    const auto doubt = wait_for<FileDoubted>(*seed);
    ASSERT_TRUE(doubt) << "what wasn't checked isn't as the torrent says any more";
    EXPECT_EQ(doubt->file, changed);
    get->stop(std::chrono::seconds(1));
    seed->stop(std::chrono::seconds(1));
}

TEST(Transfer, AFolderThatCannotBeWrittenStopsTheTorrent) {
    const ScratchFolder folder;
    const hashing::Hasher hasher = hashing::Hasher::best();
    const Content content = make_content(folder / "seed", 2'000'000, 64 * 1024);
    const auto seed = start_seed(1, hasher, content, folder / "seed");
    ASSERT_TRUE(seed);
    fs::create_directories(folder / "get" / "content");
    fs::create_directories(folder / "get" / "content" / "z");  // a folder where the file must go
    const auto get = start_engine(1, hasher, 2);
    ASSERT_TRUE(get->add(
        {.metainfo = content.metainfo, .folder = folder / "get", .peers = seed->listening()}));
    const std::string reason = wait_until_stopped(*get);
    EXPECT_NE(reason.find("content/z"), std::string::npos) << reason;
    get->stop(std::chrono::seconds(1));
    seed->stop(std::chrono::seconds(1));
}

TEST(Verdicts, ASlowSeedIsLimitedByItsUploadLimitItsPeersByItAndTheOneWithoutASlotByChoking) {
    const ScratchFolder folder;
    const hashing::Hasher hasher = hashing::Hasher::best();
    const Content content = make_content(folder / "seed", 1'000'000, 64 * 1024);
    EngineOptions options;
    options.up_bytes_per_s = 300'000;
    options.upload_slots = 1;  // and the optimistic one
    const auto seed = start_seed(1, hasher, content, folder / "seed", options);
    ASSERT_TRUE(seed);
    const auto download = [&](Engine& engine, const char* name) {
        return engine.add(
            {.metainfo = content.metainfo, .folder = folder / name, .peers = seed->listening()});
    };
    const auto first = start_engine(1, hasher, 2);
    const auto second = start_engine(1, hasher, 3);
    const auto first_id = download(*first, "first");
    const auto second_id = download(*second, "second");
    const auto is_served = [](const Engine& engine) {
        return engine.status(TorrentId(0)).downloaded_bytes > 0;
    };
    for (int i = 0; i < 6'000 && !(is_served(*first) && is_served(*second)); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const auto choked = start_engine(1, hasher, 4);
    ASSERT_TRUE(download(*choked, "choked"));
    // The others still take seconds; the first that is done frees a slot.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    choked->stop(std::chrono::seconds(1));
    ASSERT_TRUE(wait_until_complete(*first, *first_id, std::chrono::seconds(60)));
    ASSERT_TRUE(wait_until_complete(*second, *second_id, std::chrono::seconds(60)));
    for (Engine* engine : {first.get(), second.get(), seed.get()})
        engine->stop(std::chrono::seconds(1));
    EXPECT_EQ(judge(seed->ledger()).bottleneck, Bottleneck::rate_limit)
        << judge(seed->ledger()).sentence;
    EXPECT_EQ(judge(first->ledger()).bottleneck, Bottleneck::peers)
        << judge(first->ledger()).sentence;
    EXPECT_EQ(judge(choked->ledger()).bottleneck, Bottleneck::choking)
        << judge(choked->ledger()).sentence;
}

TEST(Verdicts, ASeedWithoutPeersIsIdle) {
    const ScratchFolder folder;
    const hashing::Hasher hasher = hashing::Hasher::best();
    const Content content = make_content(folder / "seed", 1'000'000, 64 * 1024);
    const auto seed = start_seed(2, hasher, content, folder / "seed");
    ASSERT_TRUE(seed);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    seed->stop(std::chrono::seconds(1));
    const Verdict verdict = judge(seed->ledger());
    EXPECT_EQ(verdict.bottleneck, Bottleneck::idle) << verdict.sentence;
    const CoreLedger total = seed->ledger().total();
    double waited = 0;
    for (const double seconds : total.wait_seconds) waited += seconds;
    EXPECT_NEAR(total.loop_seconds, total.busy_seconds + total.cpu_wait_seconds + waited, 1e-6);
}
