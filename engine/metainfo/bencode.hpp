#pragma once
// engine/metainfo/bencode.hpp: bencoded bytes -> a tree to walk (BEP 3, "bencoding").
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.hpp"

namespace spate::metainfo::bencode {

/// What a reader accepts. The defaults fit .torrent files; whoever reads what peers send passes
/// smaller ones. Memory is at most 16 bytes a token and 12 a level.
struct Limits {
    std::size_t bytes_max = 64UL << 20;
    std::size_t tokens_max = 4UL << 20;
    std::size_t depth_max = 100;
};

enum class ErrorKind : std::uint8_t {
    too_many_bytes,
    too_many_tokens,
    too_deep,
    truncated,
    unexpected_byte,
    leading_zero,
    negative_zero,
    integer_overflow,
    key_not_a_string,
    key_without_value,
    duplicate_key,
    trailing_data,
};

struct Error {
    ErrorKind kind{};
    /// Where in the input reading stopped.
    std::size_t offset_bytes = 0;
    bool operator==(const Error&) const = default;
};

/// "dictionary key without a value at byte 17", to put after what was being read and a colon.
std::string describe(Error error);

enum class Kind : std::uint8_t { integer, string, list, dict };

/// One value in the flat array of a Document: a container is followed by what it holds.
struct Token {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    /// Tokens of this value, itself included.
    std::uint32_t span = 1;
    Kind kind{};
    /// Of a string: the size of its "LENGTH:".
    std::uint8_t header_bytes = 0;
};

class Items;
class Entries;

/// A value of a Document: two pointers, copied freely, valid while the document's tokens and the
/// input live (moving the document keeps it valid). Asking a value for what it isn't gives an
/// empty answer, so that optional fields of the wrong type read as absent.
class Node {
public:
    Node(const Token* token, const std::byte* input) : token_(token), input_(input) {}

    Kind kind() const { return token_->kind; }
    bool is_integer() const { return kind() == Kind::integer; }
    bool is_string() const { return kind() == Kind::string; }
    bool is_list() const { return kind() == Kind::list; }
    bool is_dict() const { return kind() == Kind::dict; }

    std::optional<std::int64_t> as_integer() const;
    std::optional<std::string_view> as_string() const;

    /// A list's values in order: `for (const Node item : node.items())`.
    Items items() const;
    /// A dictionary's pairs in the input's order: `for (const auto [key, value] : node.entries())`.
    Entries entries() const;
    /// The number of items of a list, or of pairs of a dictionary. O(size).
    std::size_t size() const;

    /// A dictionary's value; linear in its pairs.
    std::optional<Node> find(std::string_view key) const;
    std::optional<std::int64_t> find_integer(std::string_view key) const;
    std::optional<std::string_view> find_string(std::string_view key) const;
    std::optional<Node> find_list(std::string_view key) const;
    std::optional<Node> find_dict(std::string_view key) const;

    /// The value as it was written in the input: what an info-hash is taken of.
    Bytes source() const { return {input_ + token_->begin, token_->end - token_->begin}; }

private:
    friend class Items;
    friend class Entries;
    Node after() const { return {token_ + token_->span, input_}; }

    const Token* token_;
    const std::byte* input_;
};

/// The range of a list's values; empty for other kinds.
class Items {
public:
    class Iterator {
    public:
        using value_type = Node;
        using difference_type = std::ptrdiff_t;

        explicit Iterator(Node at) : at_(at) {}
        Node operator*() const { return at_; }
        Iterator& operator++() {
            at_ = at_.after();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(const Iterator& other) const { return at_.token_ == other.at_.token_; }

    private:
        Node at_;
    };

    explicit Items(Node list) : list_(list) {}
    Iterator begin() const;
    Iterator end() const;

private:
    Node list_;
};

struct Entry {
    std::string_view key;
    Node value;
};

/// The range of a dictionary's pairs; empty for other kinds.
class Entries {
public:
    class Iterator {
    public:
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;

        explicit Iterator(Node key) : key_(key) {}
        Entry operator*() const { return {*key_.as_string(), key_.after()}; }
        Iterator& operator++() {
            key_ = key_.after().after();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(const Iterator& other) const { return key_.token_ == other.key_.token_; }

    private:
        Node key_;
    };

    explicit Entries(Node dict) : dict_(dict) {}
    Iterator begin() const;
    Iterator end() const;

private:
    Node dict_;
};

/// A whole bencoded value as one flat array of tokens over an input that it does not own; no
/// string is copied. Immutable once parsed.
class Document {
public:
    Node root() const { return {tokens_.data(), input_.data()}; }
    /// True when the keys of every dictionary ascend, so that the input is the only way to write
    /// its value. (Integers and lengths always are: anything else is an error.)
    bool is_canonical() const { return canonical_; }
    std::size_t token_count() const { return tokens_.size(); }

private:
    friend class Parser;
    Bytes input_;
    std::vector<Token> tokens_;
    bool canonical_ = true;
};

struct Prefix {
    Document document;
    std::size_t consumed_bytes = 0;
};

/// The one value that `input` is. Never recurses. Keys may be unsorted, but not repeated.
std::expected<Document, Error> parse(Bytes input, const Limits& limits = {});

/// The value at the front of `input`; what follows is the caller's (BEP 9 appends metadata so).
std::expected<Prefix, Error> parse_prefix(Bytes input, const Limits& limits = {});

}  // namespace spate::metainfo::bencode
