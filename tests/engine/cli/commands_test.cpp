// Runs the program itself, as a script would.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <optional>
#include <sstream>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include "engine/cli/child_process.hpp"
#include "engine/cli/console.hpp"
#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::cli;
using driver::ScratchFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

struct Outcome {
    int code = -1;
    std::vector<std::string> lines;

    Json json(std::size_t line = 0) const { return Json::parse(lines.at(line)); }
    std::optional<Json> event(std::string_view name) const {
        for (const std::string& line : lines)
            if (const Json json = Json::parse(line); json.value("event", "") == name) return json;
        return std::nullopt;
    }
};

Outcome finish(ChildProcess& child) {
    Outcome outcome;
    while (auto line = child.read_line()) outcome.lines.push_back(std::move(*line));
    outcome.code = child.wait();
    return outcome;
}

Outcome spate_program(const std::vector<std::string>& words) {
    ChildProcess child = ChildProcess::start(SPATE_PROGRAM, words).value();
    return finish(child);
}

/// The exit code of the program as /bin/sh starts it, after `setting`.
int shell(const std::string& words, const std::string& setting = ":") {
    const int status = std::system((setting + "; " SPATE_PROGRAM " " + words).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Starts `spate seed` or `get` on loopback, without trackers unless told.
ChildProcess start_transfer(std::vector<std::string> words) {
    for (const char* word : {"--json", "--sandbox-loopback", "--listen", "127.0.0.1:0"})
        words.emplace_back(word);
    return ChildProcess::start(SPATE_PROGRAM, words).value();
}

Json wait_for_event(ChildProcess& child, std::string_view name) {
    while (const auto line = child.read_line())
        if (Json json = Json::parse(*line); json.value("event", "") == name) return json;
    ADD_FAILURE() << "the program ended before `" << name << "`";
    return Json{{"listen", {"127.0.0.1:1"}}};
}

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

class Commands : public testing::Test {
protected:
    Commands() {
        folder_.write_random("data/set/a.bin", 300'000);
        folder_.write_random("data/set/sub/b.bin", 123'456);
        folder_.write("data/set/empty", {});
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    void create() {
        ASSERT_EQ(spate_program({"create", path("data/set"), "-o", path("set.torrent"),
                                 "--piece-size", "16K"})
                      .code,
                  0);
    }

    ChildProcess seed() {
        return start_transfer({"seed", path("set.torrent"), "--data", path("data")});
    }

    ScratchFolder folder_;
};

}  // namespace

TEST_F(Commands, WrongUsageExitsWithTwo) {
    EXPECT_EQ(spate_program({}).code, 2);
    EXPECT_EQ(spate_program({"fly"}).code, 2);
    EXPECT_EQ(spate_program({"get"}).code, 2);
    EXPECT_EQ(spate_program({"get", "x.torrent", "--up", "fast"}).code, 2);
    EXPECT_EQ(spate_program({"get", "x.torrent", "--bench-trust-peers"}).code, 2);
    EXPECT_EQ(spate_program({"create", path("data"), "--piece-size", "100000"}).code, 2);
    EXPECT_EQ(spate_program({"create", path("data"), "--tracker", "ftp://x"}).code, 2);
    EXPECT_EQ(spate_program({"create", path("data"), "--tracker", ""}).code, 2);
    EXPECT_EQ(spate_program({"create", path("data"), "--web-seed", "nonsense"}).code, 2);
    EXPECT_EQ(spate_program({"get", "x.torrent", "--sequential", "--play", "1M"}).code, 2);
    EXPECT_EQ(spate_program({"get", "x.torrent", "--no-tracker", "--tracker", "udp://a:1"}).code,
              2);
    EXPECT_EQ(spate_program({"get", "x.torrent", "--stats", path("data")}).code, 2);
    EXPECT_EQ(spate_program({"get", "x.torrent", "--stats", path("none/stats.json")}).code, 2);
    EXPECT_EQ(spate_program({"tracker", "--stats", path("none/stats.json")}).code, 2);
    EXPECT_EQ(spate_program({"create", path("data"), "-o", path("none/a.torrent")}).code, 2);
}

TEST_F(Commands, APathOfNoCharactersIsWrongUsage) {
    create();
    for (const std::vector<std::string>& words : {std::vector<std::string>{"create", ""},
                                                  {"create", path("data"), "-o", ""},
                                                  {"get", path("set.torrent"), "-o", ""},
                                                  {"get", path("set.torrent"), "--stats", ""},
                                                  {"get", ""},
                                                  {"seed", path("set.torrent"), "--data", ""},
                                                  {"seed", ""},
                                                  {"show", ""},
                                                  {"verify", path("set.torrent"), ""}})
        EXPECT_EQ(spate_program(words).code, 2) << words.front();
}

TEST_F(Commands, SeedRefusesWhatItWouldHaveToIgnore) {
    create();
    const auto code = [&](std::vector<std::string> words) {
        for (const char* word : {"--no-tracker", "--sandbox-loopback", "--duration", "1s"})
            words.emplace_back(word);
        return spate_program(words).code;
    };
    EXPECT_EQ(code({"seed", path("set.torrent"), "--data", path("data"), "--piece-size", "1M"}), 2);
    EXPECT_EQ(code({"seed", path("set.torrent"), "--data", path("data"), "--private"}), 2);
    EXPECT_EQ(code({"seed", path("data/set"), "--data", path("data")}), 2);
    EXPECT_EQ(code({"seed", path("data/set/a.bin"), path("data/set/sub/b.bin"), "-o",
                    path("both.torrent")}),
              2);
}

TEST_F(Commands, HelpAndVersionSucceed) {
    EXPECT_THAT(spate_program({"--version"}).lines, ElementsAre(HasSubstr("spate 0.")));
    for (const char* command :
         {"seed", "get", "create", "verify", "show", "tracker", "bench", "sim"}) {
        const Outcome help = spate_program({command, "--help"});
        EXPECT_EQ(help.code, 0);
        EXPECT_THAT(help.lines, testing::Contains(HasSubstr("Example"))) << command;
    }
}

TEST_F(Commands, ChoicesAreNamedInPlainWordsAndAWrongOneIsRefused) {
    for (const char* command : {"seed", "get", "sim"})
        for (const std::string& line : spate_program({command, "--help"}).lines)
            EXPECT_FALSE(line.contains("->")) << line;
    EXPECT_EQ(spate_program({"get", "x.torrent", "--strategy", "selfish"}).code, 2);
    EXPECT_EQ(spate_program({"get", "x.torrent", "--seed-strategy", "slowest"}).code, 2);
}

TEST_F(Commands, AttackedSwarmsAreTotalledAndGoneOnWith) {
    const std::vector<std::string> words{"sim",      "adversary", "--kinds",  "own-addresses",
                                         "--rounds", "2",         "--totals", path("totals.json"),
                                         "--cores",  "1",         "--json"};
    const Outcome first = spate_program(words);
    EXPECT_EQ(first.code, 0);
    ASSERT_EQ(first.lines.size(), 3U);
    EXPECT_EQ(first.json(0)["seed"], 1);
    EXPECT_EQ(first.json(1)["seed"], 2);
    EXPECT_EQ(first.json(1)["failure"], "");
    EXPECT_EQ(first.json(2)["rounds"], 2);
    const Outcome second = spate_program(words);
    EXPECT_EQ(second.json(0)["seed"], 3);
    EXPECT_EQ(second.json(2)["rounds"], 4);
    EXPECT_EQ(spate_program({"sim", "adversary", "--kinds", "kindness"}).code, 2);
    EXPECT_EQ(spate_program({"sim", "faults", "--rounds", "2"}).code, 2);
}

TEST_F(Commands, CreatedTorrentsAreShownAndVerified) {
    create();
    const Outcome shown = spate_program({"show", path("set.torrent"), "--json"});
    EXPECT_EQ(shown.code, 0);
    EXPECT_EQ(shown.json()["total_bytes"], 423'456);
    EXPECT_EQ(shown.json()["files"].size(), 3U);
    const Outcome verified = spate_program({"verify", path("set.torrent"), path("data"), "--json"});
    EXPECT_EQ(verified.code, 0);
    EXPECT_EQ(verified.json()["event"], "verified");
    EXPECT_EQ(verified.json()["pieces"], 26);
    EXPECT_THAT(verified.json()["bad_pieces"], IsEmpty());
}

TEST_F(Commands, LostOutputIsAFailureAndClosedOutputIsNot) {
    create();
    const auto shown = [&](const char* redirection) {
        return shell("show " + path("set.torrent") + redirection);
    };
    EXPECT_EQ(shown(" > /dev/null"), 0);
    EXPECT_EQ(shown(" > /dev/full"), 1);
    EXPECT_EQ(shown(" --json > /dev/full"), 1);
    EXPECT_EQ(shown(" <&- >&- 2>&-"), 0);
}

TEST_F(Commands, AFileBeyondTheLimitOfFileSizesIsAnErrorNotASignal) {
    EXPECT_EQ(shell("create " + path("data/set") + " -o " + path("x.torrent"), "ulimit -f 0"), 1);
}

TEST_F(Commands, CreateNeverReplacesWhatItShares) {
    const std::string before = content(folder_ / "data/set/sub/b.bin");
    for (const char* of : {"data/set", "data/set/sub/b.bin"})
        EXPECT_EQ(spate_program({"create", path(of), "-o", path("data/set/sub/b.bin")}).code, 1);
    EXPECT_EQ(content(folder_ / "data/set/sub/b.bin"), before);
    EXPECT_EQ(spate_program({"create", path("data/set"), "-o", path("data/set/new")}).code, 0);
}

TEST_F(Commands, ATorrentThatWouldBeTooLargeIsRefusedBeforeItIsHashed) {
    folder_.write("huge", {});
    std::filesystem::resize_file(path("huge"), std::uint64_t{32} << 30);
    const Outcome outcome =
        spate_program({"create", path("huge"), "--v2", "--piece-size", "16K", "--json"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.json().value("message", ""),
                HasSubstr("larger than the 64.0 MiB that one may have"));
}

TEST_F(Commands, DevicesAreWrittenToNotReplaced) {
    std::filesystem::create_symlink("/dev/full", folder_ / "full");
    EXPECT_EQ(spate_program({"create", path("data/set"), "-o", path("full")}).code, 1);
    std::filesystem::create_symlink("/dev/null", folder_ / "null");
    EXPECT_EQ(spate_program({"create", path("data/set"), "-o", path("null")}).code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "null"));
}

TEST_F(Commands, VerifyNamesBadPiecesAndTheirFiles) {
    create();
    folder_.flip_byte("data/set/a.bin", 20'000);
    std::filesystem::resize_file(folder_ / "data/set/sub/b.bin", 123'000);
    const Outcome json = spate_program({"verify", path("set.torrent"), path("data"), "--json"});
    EXPECT_EQ(json.code, 3);
    EXPECT_THAT(json.json()["bad_pieces"], ElementsAre(1, 25));
    const Outcome text = spate_program({"verify", path("set.torrent"), path("data")});
    EXPECT_EQ(text.code, 3);
    EXPECT_THAT(text.lines[0], HasSubstr("piece 1 does not match: set/a.bin"));
    EXPECT_THAT(text.lines[1], HasSubstr("piece 25 is missing: set/sub/b.bin"));
}

TEST_F(Commands, RefusedTorrentsAreOneErrorLine) {
    folder_.write("bad.torrent", as_bytes("d4:infod6:lengthi5e4:name9:../passwd12:piece lengthi"
                                          "16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"));
    const Outcome refused = spate_program({"show", path("bad.torrent"), "--json"});
    EXPECT_EQ(refused.code, 1);
    ASSERT_EQ(refused.lines.size(), 1U);
    EXPECT_EQ(refused.json()["event"], "error");
    EXPECT_THAT(refused.json()["message"].get<std::string>(), HasSubstr("bad.torrent is refused"));
}

TEST_F(Commands, TheTrackerTellsWhereItListens) {
    const Outcome tracker =
        spate_program({"tracker", "--listen", "127.0.0.1:0", "--duration", "300ms", "--json"});
    EXPECT_EQ(tracker.code, 0);
    EXPECT_THAT(tracker.event("ready")->at("listen")[0].get<std::string>(),
                HasSubstr("127.0.0.1:"));
    EXPECT_EQ(tracker.event("summary")->at("announces"), 0);
}

TEST_F(Commands, ASeedAndAGetTransferEverything) {
    create();
    ChildProcess seeder = seed();
    const std::string peer = wait_for_event(seeder, "ready")["listen"][0];
    ChildProcess getter = start_transfer({"get", path("set.torrent"), "-o", path("got"), "--peer",
                                          peer, "--stats", path("stats.json")});
    const Outcome got = finish(getter);
    EXPECT_EQ(got.code, 0);
    EXPECT_EQ(got.event("complete")->at("bytes"), 423'456);
    EXPECT_EQ(Json::parse(got.lines.back())["event"], "summary");
    EXPECT_EQ(Json::parse(content(folder_ / "stats.json"))["bytes_down"], 423'456);
    EXPECT_EQ(content(folder_ / "got/set/a.bin"), content(folder_ / "data/set/a.bin"));
    EXPECT_EQ(content(folder_ / "got/set/sub/b.bin"), content(folder_ / "data/set/sub/b.bin"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "got/set/empty"));
    seeder.terminate();
    const Outcome seeded = finish(seeder);
    EXPECT_EQ(seeded.code, 130);
    EXPECT_EQ(seeded.event("summary")->at("bytes_up"), 423'456);
}

TEST_F(Commands, ADownloadThatIsPlayedTellsWhenToBeginAndWhatWasLate) {
    create();
    ChildProcess seeder = seed();
    const std::string peer = wait_for_event(seeder, "ready")["listen"][0];
    ChildProcess getter = start_transfer(
        {"get", path("set.torrent"), "-o", path("got"), "--peer", peer, "--play", "1K"});
    const Outcome got = finish(getter);
    EXPECT_EQ(got.code, 0);
    EXPECT_TRUE(got.event("playing")->contains("seconds"));
    EXPECT_EQ(got.event("summary")->at("late_pieces"), 0) << "at this rate it lasts seven minutes";
    EXPECT_EQ(content(folder_ / "got/set/a.bin"), content(folder_ / "data/set/a.bin"));
    ChildProcess wrong = start_transfer({"get", path("set.torrent"), "--play", "fast"});
    EXPECT_EQ(finish(wrong).code, 2);
}

TEST_F(Commands, FewDescriptorsAreEnoughForManyFilesAndTooFewAreRefused) {
    for (int file = 0; file < 200; ++file)
        folder_.write_random("data/many/" + std::to_string(file), 40'000);
    ASSERT_EQ(shell("create " + path("data/many") + " -o " + path("many.torrent") +
                        " --piece-size 64K >" + path("out"),
                    "ulimit -n 64"),
              0);
    ChildProcess seeding =
        start_transfer({"seed", path("many.torrent"), "--data", path("data"), "--cores", "1"});
    const Json ready = wait_for_event(seeding, "ready");
    const std::string get = "get " + path("many.torrent") + " -o " + path("down") +
                            " --no-tracker --sandbox-loopback --cores 1 --listen 127.0.0.1:0 " +
                            "--peer " + ready["listen"][0].get<std::string>() + " >" + path("out");
    EXPECT_EQ(shell(get, "ulimit -n 64"), 0);
    EXPECT_EQ(content(path("down/many/199")), content(path("data/many/199")));
    EXPECT_EQ(shell(get + " 2>" + path("error"), "ulimit -n 51"), 1);
    EXPECT_THAT(content(path("error")), HasSubstr("a limit of 51 open files is too low"));
}

TEST_F(Commands, ThePeakOfMemoryIsItsOwnNotThatOfWhoeverStartsIt) {
    create();
    const std::vector<char> ours(256U << 20, 'x');
    ChildProcess child = start_transfer(
        {"seed", path("set.torrent"), "--data", path("data"), "--duration", "100ms"});
    const auto summary = finish(child).event("summary");
    ASSERT_TRUE(summary);
    EXPECT_LT((*summary)["peak_rss_bytes"], ours.size());
}

TEST_F(Commands, AFolderIsSeededWithItsOwnTracker) {
    ChildProcess seeder = start_transfer({"seed", path("data/set")});
    const Json ready = wait_for_event(seeder, "ready");
    EXPECT_THAT(ready["trackers"][0].get<std::string>(), HasSubstr("http://127.0.0.1:"));
    EXPECT_EQ(ready["torrent"], path("data/set.torrent"));
    ChildProcess getter =
        start_transfer({"get", ready["magnet"], ready["torrent"], "-o", path("got")});
    const Outcome got = finish(getter);
    EXPECT_EQ(got.code, 0);
    EXPECT_THAT(got.event("warning").value_or(Json{{"message", ""}})["message"],
                HasSubstr("is the torrent of another source"));
    EXPECT_EQ(content(folder_ / "got/set/a.bin"), content(folder_ / "data/set/a.bin"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "got/set.torrent"));
}

TEST_F(Commands, AFileThatIsCutWhileItIsDownloadedIsToldOfAndFetchedAgain) {
    create();
    ChildProcess seeder = seed();
    const std::string peer = wait_for_event(seeder, "ready")["listen"][0];
    ChildProcess getter = start_transfer(
        {"get", path("set.torrent"), "-o", path("got"), "--peer", peer, "--down", "100K"});
    while (wait_for_event(getter, "progress")["done_bytes"] == 0) continue;
    for (const char* file : {"got/set/a.bin", "got/set/sub/b.bin"})
        if (std::filesystem::exists(folder_ / file))
            std::filesystem::resize_file(folder_ / file, 9);
    const Outcome cut = finish(getter);
    EXPECT_EQ(cut.code, 0);
    EXPECT_THAT(cut.event("warning").value_or(Json{{"message", ""}})["message"], HasSubstr(".bin"));
    EXPECT_EQ(spate_program({"verify", path("set.torrent"), path("got")}).code, 0);
}

TEST_F(Commands, TwoTorrentsAreNotDownloadedIntoTheSameFile) {
    create();
    folder_.write_random("other/set/a.bin", 5'000);
    ASSERT_EQ(spate_program({"create", path("other/set")}).code, 0);
    const Outcome got = spate_program({"get", path("set.torrent"), path("other/set.torrent"), "-o",
                                       path("got"), "--no-tracker", "--sandbox-loopback",
                                       "--listen", "127.0.0.1:0", "--duration", "300ms", "--json"});
    EXPECT_EQ(got.code, 1);
    EXPECT_THAT(got.event("error")->at("message"), HasSubstr("\"set/a.bin\", as another"));
}

TEST_F(Commands, OnlySelectedFilesAreDownloaded) {
    create();
    ChildProcess seeder = seed();
    const std::string peer = wait_for_event(seeder, "ready")["listen"][0];
    ChildProcess getter = start_transfer(
        {"get", path("set.torrent"), "-o", path("got"), "--peer", peer, "--select", "sub/b.bin"});
    EXPECT_EQ(finish(getter).code, 0);
    EXPECT_EQ(content(folder_ / "got/set/sub/b.bin"), content(folder_ / "data/set/sub/b.bin"));
    ChildProcess wrong =
        start_transfer({"get", path("set.torrent"), "-o", path("none"), "--select", "x"});
    EXPECT_EQ(finish(wrong).code, 2);
}

TEST_F(Commands, LinksAndExecutablesArriveAsSuch) {
    namespace fs = std::filesystem;
    fs::create_symlink("sub/b.bin", folder_ / "data/set/link");
    fs::permissions(folder_ / "data/set/a.bin", fs::perms::owner_exec, fs::perm_options::add);
    create();
    ChildProcess seeder = seed();
    const std::string peer = wait_for_event(seeder, "ready")["listen"][0];
    ChildProcess getter =
        start_transfer({"get", path("set.torrent"), "-o", path("got"), "--peer", peer});
    EXPECT_EQ(finish(getter).code, 0);
    EXPECT_EQ(fs::read_symlink(folder_ / "got/set/link"), "sub/b.bin");
    EXPECT_EQ(content(folder_ / "got/set/link"), content(folder_ / "data/set/sub/b.bin"));
    const auto is_executable = [&](const char* name) {
        return (fs::status(folder_ / name).permissions() & fs::perms::owner_exec) != fs::perms();
    };
    EXPECT_TRUE(is_executable("got/set/a.bin"));
    EXPECT_FALSE(is_executable("got/set/sub/b.bin"));
}

TEST_F(Commands, ACompleteDownloadIsCompleteAtOnce) {
    create();
    for (int i = 0; i < 2; ++i) {  // checked, then trusted
        ChildProcess getter =
            start_transfer({"get", path("set.torrent"), "-o", path("data"), "--no-tracker"});
        const Outcome got = finish(getter);
        EXPECT_EQ(got.code, 0);
        EXPECT_EQ(got.event("complete")->at("bytes"), 423'456);
        EXPECT_EQ(got.event("summary")->at("bytes_down"), 0);
    }
}

TEST_F(Commands, SeedingNothingIsAnErrorThatNamesThePath) {
    create();
    ChildProcess nothing = start_transfer({"seed", path("set.torrent"), "--data", path("got")});
    const Outcome outcome = finish(nothing);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.event("error")->at("message").get<std::string>(), HasSubstr(path("got")));
    folder_.write_random("wrong/set/a.bin", 300'000 - 1);
    folder_.flip_byte("wrong/set/a.bin", 0);
    ChildProcess wrong = start_transfer({"seed", path("set.torrent"), "--data", path("wrong")});
    EXPECT_EQ(finish(wrong).code, 3);
}

TEST_F(Commands, AnotherTorrentOfThatNameIsNotOverwritten) {
    folder_.write("data/set.torrent", as_bytes("precious"));
    ChildProcess seeder = start_transfer({"seed", path("data/set")});
    EXPECT_EQ(finish(seeder).code, 1);
    EXPECT_EQ(content(folder_ / "data/set.torrent"), "precious");
}

TEST_F(Commands, BenchMeasuresEachScenarioBesideItsLimit) {
    const Outcome bench =
        spate_program({"bench", "--json", "--scenario", "all", "--peers", "1,3", "--runs", "1",
                       "--seconds", "100ms", "--size", "1M", "--dir", folder_.path().string()});
    ASSERT_EQ(bench.code, 0);
    ASSERT_EQ(bench.lines.size(), 8U);
    for (std::size_t line = 0; line < bench.lines.size(); ++line) {
        const Json json = bench.json(line);
        EXPECT_EQ(json["event"], "bench");
        EXPECT_EQ(json["peers"], line % 2 == 0 ? 1 : 3);
        EXPECT_GT(json["limit_bytes_per_s"].get<double>(), 0) << bench.lines[line];
        ASSERT_EQ(json["runs"].size(), 1U);
        // Not in the window that is measured: a busy machine may stop the engine for all of it.
        const Json ledger = json["runs"][0]["ledger"];
        EXPECT_GT(ledger["bytes_sent"].get<double>() + ledger["bytes_received"].get<double>(), 1e6)
            << bench.lines[line];
        EXPECT_GE(json["bytes_per_s"].get<double>(), 0);
    }
}

TEST_F(Commands, BenchLeavesNothingBehindAndRefusesWrongLists) {
    const Outcome bench = spate_program({"bench", "--scenario", "download", "--peers", "2",
                                         "--runs", "1", "--seconds", "10ms", "--size", "256K",
                                         "--core-threads", "3", "--dir", folder_.path().string()});
    EXPECT_EQ(bench.code, 0);
    EXPECT_EQ(bench.lines.size(), 2U);
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
        EXPECT_FALSE(entry.path().filename().string().starts_with("spate-bench")) << entry.path();
    EXPECT_EQ(spate_program({"bench", "--scenario", "fly"}).code, 2);
    EXPECT_EQ(spate_program({"bench", "--peers", "0"}).code, 2);
    EXPECT_EQ(spate_program({"bench", "--piece-size", "10000"}).code, 2);
    EXPECT_EQ(spate_program({"bench", "--dir", path("missing")}).code, 1);
}
