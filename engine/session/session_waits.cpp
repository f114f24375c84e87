// What connections wait for: figures for the verdict, on which nothing in the session depends.
#include "engine/session/session.hpp"

namespace spate::session {

void Session::note_wait(Connection& connection) {
    const PeerWait now =
        connection.stage == Stage::established ? wait_of(connection) : PeerWait::nothing;
    peer_waits_.change(connection.waits_for, now);
    connection.waits_for = now;
}

PeerWait Session::wait_of(const Connection& connection) {
    if (connection.receive_paused || connection.send_paused) return PeerWait::rate_limit;
    if (connection.window.outstanding() > 0) return PeerWait::give;
    if (connection.starved) return PeerWait::buffer;
    if (connection.we_are_interested && connection.peer_chokes) return PeerWait::unchoke;
    if (!connection.peer_is_interested) return PeerWait::nothing;
    if (connection.we_choke) return PeerWait::slot;
    return connection.uploads.empty() ? PeerWait::ask : PeerWait::nothing;
}

}  // namespace spate::session
