// Seeds that aren't: false blocks, late blocks, blocks that nobody asked for.
#include <deque>

#include "engine/sim/adversary/behaviour.hpp"

namespace spate::sim {
namespace {

using wire::MessageId;

/// The torrent that honest peers download.
constexpr std::size_t wanted_content = 0;

class PieceLiar final : public FalseSeed {
public:
    explicit PieceLiar(Field& field)
        : FalseSeed(field, wanted_content), truth_(field.random.below(3) == 0 ? 0.8 : 0) {}

private:
    void on_request(HostilePeer& peer, BlockRef block) override {
        send_block(peer, block, field_.chance(truth_));
    }

    const double truth_;  // part of the blocks
};

class Staller final : public FalseSeed {
public:
    explicit Staller(Field& field)
        : FalseSeed(field, wanted_content), way_(static_cast<Way>(field.random.below(4))) {}

private:
    enum class Way : std::uint8_t { silent, slow, rejects, half };
    static constexpr Duration between_blocks = 6s;

    void on_request(HostilePeer& peer, BlockRef block) override {
        Words words;
        switch (way_) {
            case Way::silent:
                return;
            case Way::rejects:
                wire::append_reject(words, block);
                if (field_.chance(0.1)) {
                    wire::append_message(words, MessageId::choke);
                    wire::append_message(words, MessageId::unchoke);
                }
                return peer.say(words);
            case Way::half: {
                const auto header = wire::piece_header(block);
                words.assign(header.begin(), header.end());
                words.resize(words.size() + block.length / 2);
                return peer.say(words);
            }
            case Way::slow:
                if (asked_.empty()) peer.wake_in(between_blocks);
                asked_.push_back(block);
        }
    }

    void on_time(HostilePeer& peer) override {
        if (asked_.empty()) return;
        send_block(peer, asked_.front(), true);
        asked_.pop_front();
        if (!asked_.empty()) peer.wake_in(between_blocks);
    }

    const Way way_;
    std::deque<BlockRef> asked_;
};

class Planter final : public FalseSeed {
public:
    explicit Planter(Field& field) : FalseSeed(field, wanted_content) {}

private:
    void on_request(HostilePeer& peer, BlockRef block) override {
        if (field_.chance(0.3)) send_block(peer, grammar_.block(), false);
        send_block(peer, block, field_.chance(0.7));
        if (field_.chance(0.3)) send_block(peer, block, field_.chance(0.5));
        if (block.offset > 0 && field_.chance(0.2))
            send_block(peer, {block.piece, block.offset - 1, block.length}, true);
        if (field_.chance(0.2)) send_block(peer, {block.piece, block.offset, 1}, true);
        peer.wake_in(field_.upto(200ms));
    }

    void on_time(HostilePeer& peer) override {
        if (!field_.exhausted()) send_block(peer, grammar_.block(), false);
    }
};

}  // namespace

std::unique_ptr<Behaviour> make_piece_liar(Field& field) {
    return std::make_unique<PieceLiar>(field);
}

std::unique_ptr<Behaviour> make_staller(Field& field) {
    return std::make_unique<Staller>(field);
}

std::unique_ptr<Behaviour> make_planter(Field& field) {
    return std::make_unique<Planter>(field);
}

}  // namespace spate::sim
