#include "engine/driver/hash_batch.hpp"

#include <utility>

namespace spate::driver {

void HashBatch::add(const session::HashPiece& piece, Time now) {
    if (waiting_.empty()) first_at_ = now;
    waiting_.push_back(piece);
}

std::optional<Time> HashBatch::deadline() const {
    if (waiting_.empty()) return std::nullopt;
    return first_at_ + wait_max;
}

void HashBatch::run_if_due(CoreContext& core) {
    if (waiting_.size() >= lanes || (!waiting_.empty() && core.now() >= *deadline())) run(core);
}

void HashBatch::run(CoreContext& core) {
    const std::vector<session::HashPiece> pieces = std::exchange(waiting_, {});
    std::vector<Bytes> messages;
    std::vector<Sha1Digest> digests(pieces.size());
    for (const session::HashPiece& piece : pieces) {
        messages.push_back(core.session.buffers().table().at(piece.buffer).first(piece.size_bytes));
        core.ledger.hash_bytes += piece.size_bytes;
    }
    const Time start = core.clock.refresh();
    hasher_.sha1_many(messages, digests);
    core.ledger.hash_seconds += to_seconds(core.clock.refresh() - start);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const auto& metainfo = *core.session.find_torrent(pieces[i].torrent)->shared.metainfo;
        const bool matches = metainfo.piece_hashes[pieces[i].piece.value] == digests[i];
        core.session.handle_piece_hashed(pieces[i].torrent, pieces[i].piece, matches, core.now());
    }
}

}  // namespace spate::driver
