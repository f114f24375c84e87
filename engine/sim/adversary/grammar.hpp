#pragma once
// engine/sim/adversary/grammar.hpp: everything that can be said on a connection.
#include <cstdint>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/sim/test_content.hpp"
#include "engine/wire/extension_handshake.hpp"

namespace spate::sim {

/// Makes messages: of every id, right ones, ones at the limits and beyond, and such as break the
/// framing. Of one torrent, one thread.
class Grammar {
public:
    using Words = std::vector<std::byte>;

    Grammar(const TestContent& content, std::uint64_t seed) : content_(content), random_(seed) {}

    /// One whole message that is right where it is right at all, as nearly all should be: who
    /// breaks a rule is gone.
    void utter(Words& out);
    /// One that no honest peer says.
    void utter_nonsense(Words& out);
    /// The first part of a message of any id, up to the longest; nothing follows.
    void begin_to_utter(Words& out);

    PieceIndex piece();
    BlockRef block();
    HashRef hash_ref();
    Bitfield bitfield();
    wire::ExtensionHandshake extensions();

private:
    /// In range, at its end, or beyond.
    std::uint32_t number(std::uint32_t count);
    BlockRef any_block();
    HashRef any_hash_ref();
    void utter_extended(Words& out);
    void utter_state(Words& out);
    Words noise(std::size_t bytes_max);

    const TestContent& content_;
    Prng random_;
};

}  // namespace spate::sim
