#pragma once
// engine/metainfo/bencode_writer.hpp: values -> canonical bencoding (BEP 3).
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/assert.hpp"
#include "engine/base/bytes.hpp"

namespace spate::metainfo::bencode {

/// Containers that a writer may have open at once, unless it says otherwise.
inline constexpr std::size_t writer_depth_max = 16;

void append_to(std::string& out, std::string_view text);
void append_to(std::vector<std::byte>& out, std::string_view text);

/// Appends bencoded values to a std::string or std::vector<std::byte> that it doesn't own:
/// `Writer(out).begin_dict().key("q").string("ping").end()`. Keys come in ascending order and each
/// with one value, or an assertion stops the program; nothing is allocated but the output.
template <class Out, std::size_t DepthMax = writer_depth_max>
    requires std::same_as<Out, std::string> || std::same_as<Out, std::vector<std::byte>>
class Writer {
public:
    explicit Writer(Out& out) : out_(out) {}

    Writer& integer(std::int64_t value) {
        begin_value();
        append("i");
        append_number(value);
        append("e");
        return *this;
    }

    Writer& string(std::string_view text) {
        begin_value();
        append_string(text);
        return *this;
    }
    Writer& string(Bytes bytes) { return string(as_text(bytes)); }

    /// A value that is bencoded already.
    Writer& raw(Bytes bencoded) {
        SPATE_ASSERT(!bencoded.empty());
        begin_value();
        append(as_text(bencoded));
        return *this;
    }

    Writer& begin_list() { return begin("l", false); }
    Writer& begin_dict() { return begin("d", true); }

    /// The next value belongs to `name`.
    Writer& key(std::string_view name) {
        SPATE_ASSERT(depth_ > 0);
        Level& level = levels_[depth_ - 1];
        SPATE_ASSERT(level.is_dict && !level.has_key);
        SPATE_ASSERT(level.first || last_key(level) < name);
        append_string(name);
        level.first = false;
        level.has_key = true;
        level.key_end = out_.size();
        level.key_bytes = name.size();
        return *this;
    }

    /// Closes the innermost list or dictionary.
    Writer& end() {
        SPATE_ASSERT(depth_ > 0 && !levels_[depth_ - 1].has_key);
        --depth_;
        append("e");
        return *this;
    }

    /// True when everything begun has ended.
    bool complete() const { return depth_ == 0; }

private:
    struct Level {
        bool is_dict = false;
        bool first = true;
        bool has_key = false;
        /// The newest key is read back from the output.
        std::size_t key_end = 0;
        std::size_t key_bytes = 0;
    };

    std::string_view last_key(const Level& level) const {
        return {reinterpret_cast<const char*>(out_.data()) + level.key_end - level.key_bytes,
                level.key_bytes};
    }

    void begin_value() {
        if (depth_ == 0 || !levels_[depth_ - 1].is_dict) return;
        SPATE_ASSERT(levels_[depth_ - 1].has_key);
        levels_[depth_ - 1].has_key = false;
    }

    Writer& begin(std::string_view letter, bool is_dict) {
        SPATE_ASSERT(depth_ < DepthMax);
        begin_value();
        levels_[depth_++] = {.is_dict = is_dict};
        append(letter);
        return *this;
    }

    void append(std::string_view text) { append_to(out_, text); }

    void append_number(std::int64_t value) {
        std::array<char, 20> digits;
        const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        append({digits.data(), written.ptr});
    }

    void append_string(std::string_view text) {
        append_number(static_cast<std::int64_t>(text.size()));
        append(":");
        append(text);
    }

    Out& out_;
    std::array<Level, DepthMax> levels_;
    std::size_t depth_ = 0;
};

}  // namespace spate::metainfo::bencode
