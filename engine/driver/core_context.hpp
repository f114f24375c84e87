#pragma once
// engine/driver/core_context.hpp: what the parts of one core thread share.
#include <memory>
#include <vector>

#include "engine/base/fifo.hpp"
#include "engine/driver/failing_writes.hpp"
#include "engine/driver/file_table.hpp"
#include "engine/driver/ledger.hpp"
#include "engine/driver/outgoing_send.hpp"
#include "engine/driver/shortage.hpp"
#include "engine/driver/zero_copy.hpp"
#include "engine/session/session.hpp"
#include "io/buffer_ring.hpp"
#include "io/clock.hpp"
#include "io/ring.hpp"

namespace spate::driver {

/// Objects that one T after another uses for a while: the one given back last is taken first. One
/// thread.
template <class T>
class Pool {
public:
    std::unique_ptr<T> take() {
        if (idle_.empty()) return std::make_unique<T>();
        std::unique_ptr<T> object = std::move(idle_.back());
        idle_.pop_back();
        return object;
    }
    void give_back(std::unique_ptr<T> object) { idle_.push_back(std::move(object)); }

private:
    std::vector<std::unique_ptr<T>> idle_;
};

struct PlannedReceive;

/// One core thread's tools. Everything in it is used by that thread only.
struct CoreContext {
    io::Ring& ring;
    io::Clock& clock;
    session::Session& session;
    io::BufferRing& idle_buffers;  // for peers of whom nothing is expected
    FileTable& file_table;
    Shortage& shortage;
    FailingWrites& failing_writes;
    /// Files that were found changed or unreadable, to be told of.
    std::vector<FileDoubted>& doubts;
    CoreLedger& ledger;
    session::StageLatencies& latencies;
    CoreLoad& load;  // its parts that connections know
    Pool<PlannedReceive>& receives;
    Pool<OutgoingSend>& sends;
    LingeringSends& lingering_sends;
    ZeroCopyChooser& zero_copy;
    std::vector<std::shared_ptr<const TorrentFiles>>& torrent_files;  // by TorrentId
    /// Connections whose next bytes are there and take memory: a few get it each turn.
    Fifo<ConnectionId>& readable_connections;
    /// Connections of which nothing is in flight any more after their close().
    std::vector<ConnectionId>& finished_connections;

    Time now() const { return clock.now(); }
};

}  // namespace spate::driver
