#include "tests/layering/source_check.hpp"

#include <algorithm>
#include <optional>

#include "tests/layering/rules.hpp"

namespace spate::layering {
namespace {

struct Include {
    std::string_view name;
    bool quoted;
};

/// The rule with the longest folder that `path` begins with: "io" is the one of io/ring.hpp.
const Rule* rule_for(std::string_view path) {
    const Rule* best = nullptr;
    for (const Rule& rule : rules()) {
        const std::string_view rest = path.substr(std::min(path.size(), rule.folder.size()));
        const bool begins = path.starts_with(rule.folder) && rest.find_first_of("/.") == 0;
        if (begins && (best == nullptr || rule.folder.size() > best->folder.size())) best = &rule;
    }
    return best;
}

std::optional<Include> parse_include(std::string_view line) {
    const auto skip_blanks = [&] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    };
    for (const std::string_view word : {"#", "include"}) {
        skip_blanks();
        if (!line.starts_with(word)) return std::nullopt;
        line.remove_prefix(word.size());
    }
    skip_blanks();
    if (line.empty()) return std::nullopt;
    const bool quoted = line.front() == '"';
    const std::size_t end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos) return std::nullopt;
    return Include{line.substr(1, end - 1), quoted};
}

bool listed(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

bool is_third_party(const Rule& rule, std::string_view name) {
    return std::ranges::any_of(rule.third_party, [&](std::string_view allowed) {
        return allowed.ends_with('/') ? name.starts_with(allowed) : name == allowed;
    });
}

/// A C++ header has no dot; POSIX, Linux and compiler headers end in .h and are in none of the
/// folders that other people's libraries install.
bool is_platform_header(std::string_view name) {
    static constexpr std::string_view folders[] = {"sys/", "linux/",   "arpa/",
                                                   "net/", "netinet/", "asm/"};
    static constexpr std::string_view libraries[] = {"liburing.h", "xxhash.h", "ares.h",
                                                     "mimalloc.h"};
    if (!name.ends_with(".h")) return name.find_first_of("/.") == std::string_view::npos;
    if (listed(libraries, name)) return false;
    return name.find('/') == std::string_view::npos ||
           std::ranges::any_of(folders, [&](std::string_view f) { return name.starts_with(f); });
}

std::optional<std::string> breach(const Rule& rule, const Include& include) {
    const std::string name(include.name);
    if (include.quoted) {
        const Rule* target = rule_for(include.name);
        if (target == nullptr) return "\"" + name + "\" is in no folder that may be included";
        // A rule for single files (io/clock) narrows its folder, which stays one room.
        const bool own =
            target->folder.starts_with(rule.folder) && listed(rule.project, target->folder);
        const bool same_room = target == &rule || own || listed(rule.project, target->folder);
        const std::string_view room = target->folder.substr(0, target->folder.rfind('/'));
        const bool file_of_room = target->freedom == Freedom::ambient &&
                                  (rule.folder == room || listed(rule.project, room));
        if (same_room || file_of_room) return std::nullopt;
        return std::string(rule.folder) + " may not include " + std::string(target->folder) +
               " (\"" + name + "\")";
    }
    if (is_third_party(rule, include.name)) return std::nullopt;
    if (rule.freedom == Freedom::pure) {
        if (listed(pure_standard_headers(), include.name)) return std::nullopt;
        return std::string(rule.folder) + " is pure and may not include <" + name + ">";
    }
    if (is_platform_header(include.name)) return std::nullopt;
    return std::string(rule.folder) + " may not use the library of <" + name + ">";
}

/// The line without comments and without what stands in string literals; `in_comment` carries a
/// block comment from one line to the next.
std::string code_of(std::string_view line, bool& in_comment) {
    std::string code;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const std::string_view rest = line.substr(i);
        if (in_comment) {
            if (rest.starts_with("*/")) in_comment = false, ++i;
        } else if (rest.starts_with("//")) {
            break;
        } else if (rest.starts_with("/*")) {
            in_comment = true, ++i;
        } else if (rest.front() == '"') {
            for (++i; i < line.size() && line[i] != '"'; ++i)
                if (line[i] == '\\') ++i;
        } else {
            code += rest.front();
        }
    }
    return code;
}

std::optional<std::string> forbidden_text(const Rule& rule, std::string_view code) {
    const auto contains = [&](std::string_view text) {
        return code.find(text) != std::string_view::npos;
    };
    if (rule.freedom != Freedom::ambient)
        for (const std::string_view text : ambient_text())
            if (contains(text)) return "no ambient time or randomness here: " + std::string(text);
    if (rule.freedom == Freedom::pure)
        for (const std::string_view text : impure_text())
            if (contains(text)) return std::string(rule.folder) + " is pure: " + std::string(text);
    return std::nullopt;
}

}  // namespace

std::vector<std::string> check_source(std::string_view path, std::string_view text) {
    const Rule* rule = rule_for(path);
    if (rule == nullptr) return {std::string(path) + ":1: no rule for its folder"};
    std::vector<std::string> breaches;
    bool in_comment = false;
    for (int number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const bool was_in_comment = in_comment;
        const std::string code = code_of(line, in_comment);
        const auto include = was_in_comment ? std::nullopt : parse_include(line);
        const auto why = include ? breach(*rule, *include) : forbidden_text(*rule, code);
        if (why) breaches.push_back(std::string(path) + ":" + std::to_string(number) + ": " + *why);
    }
    return breaches;
}

}  // namespace spate::layering
