#include "tests/layering/rules.hpp"

#include <initializer_list>

namespace spate::layering {
namespace {

using Names = std::vector<std::string_view>;

/// `below` and `more`: a layer may include what the layers under it may.
Names with(Names below, std::initializer_list<std::string_view> more) {
    below.insert(below.end(), more);
    return below;
}

std::vector<Rule> make_rules() {
    using enum Freedom;
    const Names protocols{"engine/base", "engine/metainfo"};
    const Names machines =
        with(protocols, {"engine/wire", "engine/swarm", "engine/storage", "engine/tracker",
                         "engine/dht", "engine/utp", "engine/search"});
    const Names sim = with(machines, {"engine/session", "hashing"});
    const Names driver = with(sim, {"io", "engine/driver/tracker", "engine/driver/content"});
    const Names control{"engine/base", "engine/metainfo", "engine/session"};
    const Names cli =
        with(sim, {"engine/driver", "engine/driver/tracker", "engine/driver/content", "engine/sim",
                   "engine/sim/adversary", "engine/synthetic", "engine/rpc", "engine/web"});
    return {
        {"engine/base", pure, {}, {"arpa/inet.h", "sys/sdt.h"}},
        {"io", system, {"engine/base"}, {"liburing.h", "liburing/"}},
        {"io/clock", ambient, {"engine/base", "io"}, {}},
        {"hashing",
         system,
         {"engine/base"},
         {"openssl/", "xxhash.h", "tbb/", "oneapi/tbb/", "oneapi/tbb.h"}},
        {"engine/metainfo", pure, {"engine/base", "hashing"}, {}},
        {"engine/wire", pure, protocols, {}},
        {"engine/swarm", pure, with(protocols, {"hashing"}), {}},
        {"engine/storage", pure, with(protocols, {"hashing"}), {}},
        {"engine/tracker", pure, protocols, {}},
        {"engine/dht", pure, protocols, {}},
        {"engine/utp", pure, protocols, {}},
        {"engine/search", pure, protocols, {}},
        {"engine/session", pure, machines, {}},
        {"engine/driver", system, driver, {"fmt/", "spdlog/"}},
        {"engine/driver/tracker",
         system,
         with(driver, {"engine/driver"}),
         {"ares.h", "curl/", "fmt/", "spdlog/"}},
        {"engine/driver/content", system, with(sim, {"io"}), {"curl/", "fmt/"}},
        {"engine/sim", pure, sim, {"fmt/"}},
        {"engine/sim/adversary", pure, with(sim, {"engine/sim"}), {"fmt/"}},
        {"engine/synthetic", system, with(protocols, {"engine/wire", "hashing", "io"}), {"fmt/"}},
        {"engine/rpc", pure, control, {"fmt/", "nlohmann/"}},
        {"engine/web", pure, control, {"fmt/", "nlohmann/"}},
        {"engine/cli",
         system,
         cli,
         {"CLI/", "fmt/", "mimalloc.h", "nlohmann/", "spdlog/", "toml++/"}},
        {"engine/cli/main",
         ambient,
         with(cli, {"engine/cli"}),
         {"CLI/", "fmt/", "nlohmann/", "spdlog/"}},
    };
}

// No <random>: its distributions differ between libraries, engine/base/prng.hpp does not.
constexpr std::string_view pure_headers[] = {
    "algorithm",       "array",         "atomic",        "bit",        "bitset",
    "cassert",         "cctype",        "cerrno",        "charconv",   "chrono",
    "climits",         "cmath",         "compare",       "concepts",   "cstddef",
    "cstdint",         "cstdio",        "cstdlib",       "cstring",    "deque",
    "exception",       "expected",      "forward_list",  "functional", "initializer_list",
    "iterator",        "limits",        "list",          "map",        "memory",
    "memory_resource", "new",           "numbers",       "numeric",    "optional",
    "ostream",         "queue",         "ranges",        "ratio",      "set",
    "source_location", "span",          "sstream",       "stack",      "stdexcept",
    "string",          "string_view",   "system_error",  "tuple",      "type_traits",
    "typeinfo",        "unordered_map", "unordered_set", "utility",    "variant",
    "vector",          "version"};

constexpr std::string_view ambient[] = {"::now(",         "random_device", "getrandom(",
                                        "clock_gettime(", "gettimeofday(", "getenv("};

constexpr std::string_view impure[] = {"std::thread",   "std::jthread",  "fopen(",
                                       "std::ifstream", "std::ofstream", "std::mutex"};

}  // namespace

std::span<const Rule> rules() {
    static const std::vector<Rule> table = make_rules();
    return table;
}

std::span<const std::string_view> pure_standard_headers() {
    return pure_headers;
}

std::span<const std::string_view> ambient_text() {
    return ambient;
}

std::span<const std::string_view> impure_text() {
    return impure;
}

}  // namespace spate::layering
