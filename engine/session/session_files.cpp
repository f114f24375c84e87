// What a session does when files, descriptors or memory fail it.
#include <utility>

#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// It neither gives nor takes, or isn't a peer yet.
bool is_idle(const Connection& connection) {
    using Stage = Connection::Stage;
    if (connection.stage == Stage::handshaking) return true;
    return connection.stage == Stage::established && connection.uploads.empty() &&
           connection.window.outstanding() == 0;
}

}  // namespace

void Session::give_back_send(ConnectionId id, SendPlan& plan) {
    Connection* const connection = find_open(id);
    if (connection == nullptr) return;
    plan.control.insert(plan.control.end(), connection->control.begin(), connection->control.end());
    connection->control.swap(plan.control);
    Fifo<Upload> later = std::exchange(connection->uploads, {});
    const auto wait_again = [&](const Upload& upload) {
        // What came between: a CHOKE of ours, or the piece is gone.
        if (may_still_upload(*connection, upload.block))
            connection->uploads.push_back(upload);
        else if (connection->fast)
            wire::append_reject(connection->control, upload.block);
    };
    for (std::size_t i = 0; i < plan.block_count; ++i)
        wait_again({plan.blocks[i], plan.asked_at[i]});
    for (const Upload& upload : later) connection->uploads.push_back(upload);
    note_wait(*connection);
}

bool Session::may_still_upload(const Connection& connection, BlockRef block) const {
    return (!connection.we_choke || may_have_fast(connection, block)) &&
           is_offered(*connection.torrent, block.piece);
}

void Session::close_newest_idle(Time now) {
    Connection* newest = nullptr;
    connections_.for_each([&](Connection& connection) {
        if (!is_idle(connection)) return;
        if (newest == nullptr || connection.created_at >= newest->created_at) newest = &connection;
    });
    if (newest != nullptr) close(*newest, DropReason::no_descriptors, now);
}

}  // namespace spate::session
