#include "engine/metainfo/bencode.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "engine/base/assert.hpp"

namespace spate::metainfo::bencode {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view phrase(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::too_many_bytes:
            return "more bytes than the limit";
        case ErrorKind::too_many_tokens:
            return "more values than the limit";
        case ErrorKind::too_deep:
            return "lists or dictionaries nested too deeply";
        case ErrorKind::truncated:
            return "the data ends in the middle of a value";
        case ErrorKind::unexpected_byte:
            return "a byte that can't be there";
        case ErrorKind::leading_zero:
            return "a number with a leading zero";
        case ErrorKind::negative_zero:
            return "a negative zero";
        case ErrorKind::integer_overflow:
            return "a number beyond 64 bits";
        case ErrorKind::key_not_a_string:
            return "a dictionary key that is not a string";
        case ErrorKind::key_without_value:
            return "a dictionary key without a value";
        case ErrorKind::duplicate_key:
            return "a dictionary with the same key twice";
        case ErrorKind::trailing_data:
            return "data after the end of the value";
    }
    return "malformed data";
}

}  // namespace

std::string describe(Error error) {
    return std::string(phrase(error.kind)) + " at byte " + std::to_string(error.offset_bytes);
}

/// One pass over the input with an explicit stack of the open containers. Used once.
class Parser {
public:
    Parser(Bytes input, const Limits& limits) : text_(as_text(input)), limits_(limits) {
        document_.input_ = input;
    }

    std::expected<Prefix, Error> run() {
        constexpr std::size_t addressable = std::numeric_limits<std::uint32_t>::max() - 1;
        if (text_.size() > std::min(limits_.bytes_max, addressable))
            return std::unexpected(Error{ErrorKind::too_many_bytes, 0});
        do {
            if (!step()) return std::unexpected(error_);
        } while (!open_.empty());
        return Prefix{std::move(document_), at_};
    }

private:
    /// A container whose end hasn't come.
    struct Open {
        std::uint32_t token;
        /// The token of the newest key of a dictionary; `token` itself before the first.
        std::uint32_t last_key;
        bool key_is_next;
        bool sorted = true;
    };

    bool fail(ErrorKind kind, std::size_t offset) {
        error_ = {kind, offset};
        return false;
    }
    bool fail(ErrorKind kind) { return fail(kind, at_); }

    bool step() {
        if (at_ == text_.size()) return fail(ErrorKind::truncated);
        const char c = text_[at_];
        if (c == 'e' && !open_.empty()) return close();
        if (document_.tokens_.size() >= limits_.tokens_max) return fail(ErrorKind::too_many_tokens);
        if (!open_.empty() && open_.back().key_is_next) return read_key(c);
        if (is_digit(c)) return read_string() && value_done();
        switch (c) {
            case 'i':
                return read_integer() && value_done();
            case 'l':
                return open(Kind::list);
            case 'd':
                return open(Kind::dict);
            default:
                return fail(ErrorKind::unexpected_byte);
        }
    }

    bool open(Kind kind) {
        if (open_.size() >= limits_.depth_max) return fail(ErrorKind::too_deep);
        const auto index = static_cast<std::uint32_t>(document_.tokens_.size());
        push(kind, at_, at_ + 1);
        open_.push_back({index, index, kind == Kind::dict});
        ++at_;
        return true;
    }

    bool close() {
        const Open closed = open_.back();
        Token& token = document_.tokens_[closed.token];
        const bool has_keys = token.kind == Kind::dict && closed.last_key != closed.token;
        if (token.kind == Kind::dict && !closed.key_is_next)
            return fail(ErrorKind::key_without_value);
        ++at_;
        token.end = static_cast<std::uint32_t>(at_);
        token.span = static_cast<std::uint32_t>(document_.tokens_.size() - closed.token);
        open_.pop_back();
        if (has_keys && !closed.sorted) {
            document_.canonical_ = false;
            if (!keys_are_distinct(closed.token)) return false;
        }
        return value_done();
    }

    /// The only string that is followed by a value.
    bool read_key(char c) {
        if (!is_digit(c)) return fail(ErrorKind::key_not_a_string);
        const std::size_t key_at = at_;
        const auto index = static_cast<std::uint32_t>(document_.tokens_.size());
        if (!read_string()) return false;
        Open& dict = open_.back();
        if (dict.last_key != dict.token) {
            const int order = text_of(dict.last_key).compare(text_of(index));
            if (order == 0) return fail(ErrorKind::duplicate_key, key_at);
            if (order > 0) dict.sorted = false;
        }
        dict.last_key = index;
        dict.key_is_next = false;
        return true;
    }

    /// Sorted dictionaries show their duplicates as neighbours; the others need this.
    bool keys_are_distinct(std::uint32_t dict) {
        std::vector<std::uint32_t> keys;
        const std::vector<Token>& tokens = document_.tokens_;
        const std::uint32_t end = dict + tokens[dict].span;
        for (std::uint32_t key = dict + 1; key < end; key += 1 + tokens[key + 1].span)
            keys.push_back(key);
        std::ranges::sort(keys, {}, [this](std::uint32_t key) { return text_of(key); });
        const auto twice = std::ranges::adjacent_find(
            keys, {}, [this](std::uint32_t key) { return text_of(key); });
        return twice == keys.end() || fail(ErrorKind::duplicate_key, tokens[*twice].begin);
    }

    bool value_done() {
        if (!open_.empty() && document_.tokens_[open_.back().token].kind == Kind::dict)
            open_.back().key_is_next = true;
        return true;
    }

    bool read_integer() {
        const std::size_t begin = at_;
        std::size_t digits = begin + 1;
        const bool negative = digits < text_.size() && text_[digits] == '-';
        if (negative) ++digits;
        std::size_t end = digits;
        while (end < text_.size() && is_digit(text_[end])) ++end;
        if (end == text_.size()) return fail(ErrorKind::truncated, end);
        if (text_[end] != 'e' || end == digits) return fail(ErrorKind::unexpected_byte, end);
        if (text_[digits] == '0' && negative)
            return fail(end - digits == 1 ? ErrorKind::negative_zero : ErrorKind::leading_zero);
        if (text_[digits] == '0' && end - digits > 1) return fail(ErrorKind::leading_zero);
        std::int64_t value = 0;
        const auto parsed = std::from_chars(&text_[begin + 1], &text_[end], value);
        if (parsed.ec != std::errc{}) return fail(ErrorKind::integer_overflow);
        push(Kind::integer, begin, end + 1);
        at_ = end + 1;
        return true;
    }

    bool read_string() {
        const std::size_t begin = at_;
        std::size_t colon = begin;
        while (colon < text_.size() && is_digit(text_[colon])) ++colon;
        if (text_[begin] == '0' && colon - begin > 1) return fail(ErrorKind::leading_zero);
        std::uint32_t length = 0;
        const auto parsed = std::from_chars(&text_[begin], text_.data() + colon, length);
        if (parsed.ec != std::errc{}) return fail(ErrorKind::integer_overflow);
        if (colon == text_.size()) return fail(ErrorKind::truncated, colon);
        if (text_[colon] != ':') return fail(ErrorKind::unexpected_byte, colon);
        const std::size_t content = colon + 1;
        if (length > text_.size() - content) return fail(ErrorKind::truncated);
        push(Kind::string, begin, content + length);
        document_.tokens_.back().header_bytes = static_cast<std::uint8_t>(content - begin);
        at_ = content + length;
        return true;
    }

    void push(Kind kind, std::size_t begin, std::size_t end) {
        document_.tokens_.push_back({.begin = static_cast<std::uint32_t>(begin),
                                     .end = static_cast<std::uint32_t>(end),
                                     .kind = kind});
    }

    std::string_view text_of(std::uint32_t string) const {
        const Token& token = document_.tokens_[string];
        return text_.substr(token.begin + token.header_bytes,
                            token.end - token.begin - token.header_bytes);
    }

    std::string_view text_;
    Limits limits_;
    std::size_t at_ = 0;
    Document document_;
    std::vector<Open> open_;
    Error error_;
};

std::optional<std::int64_t> Node::as_integer() const {
    if (!is_integer()) return std::nullopt;
    const std::string_view text = as_text(source());
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data() + 1, text.data() + text.size() - 1, value);
    SPATE_ASSERT(parsed.ec == std::errc{});
    return value;
}

std::optional<std::string_view> Node::as_string() const {
    if (!is_string()) return std::nullopt;
    return as_text(source()).substr(token_->header_bytes);
}

Items Node::items() const {
    return Items(*this);
}

Entries Node::entries() const {
    return Entries(*this);
}

std::size_t Node::size() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const Node item : items()) ++count;
    for ([[maybe_unused]] const Entry& entry : entries()) ++count;
    return count;
}

std::optional<Node> Node::find(std::string_view key) const {
    for (const Entry& entry : entries())
        if (entry.key == key) return entry.value;
    return std::nullopt;
}

std::optional<std::int64_t> Node::find_integer(std::string_view key) const {
    const auto value = find(key);
    return value ? value->as_integer() : std::nullopt;
}

std::optional<std::string_view> Node::find_string(std::string_view key) const {
    const auto value = find(key);
    return value ? value->as_string() : std::nullopt;
}

std::optional<Node> Node::find_list(std::string_view key) const {
    const auto value = find(key);
    return value && value->is_list() ? value : std::nullopt;
}

std::optional<Node> Node::find_dict(std::string_view key) const {
    const auto value = find(key);
    return value && value->is_dict() ? value : std::nullopt;
}

Items::Iterator Items::end() const {
    return Iterator(list_.after());
}

Items::Iterator Items::begin() const {
    return list_.is_list() ? Iterator({list_.token_ + 1, list_.input_}) : end();
}

Entries::Iterator Entries::end() const {
    return Iterator(dict_.after());
}

Entries::Iterator Entries::begin() const {
    return dict_.is_dict() ? Iterator({dict_.token_ + 1, dict_.input_}) : end();
}

std::expected<Prefix, Error> parse_prefix(Bytes input, const Limits& limits) {
    return Parser(input, limits).run();
}

std::expected<Document, Error> parse(Bytes input, const Limits& limits) {
    auto prefix = parse_prefix(input, limits);
    if (!prefix) return std::unexpected(prefix.error());
    if (prefix->consumed_bytes != input.size())
        return std::unexpected(Error{ErrorKind::trailing_data, prefix->consumed_bytes});
    return std::move(prefix->document);
}

}  // namespace spate::metainfo::bencode
