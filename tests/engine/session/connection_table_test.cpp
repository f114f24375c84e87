#include "engine/session/connection_table.hpp"

#include <gtest/gtest.h>

namespace spate::session {
namespace {

constexpr Time start{1'000s};

TEST(ConnectionTable, FindsWhatItMade) {
    ConnectionTable table;
    Connection& first = table.create({}, false, start);
    Connection& second = table.create({}, true, start);
    EXPECT_NE(first.id, second.id);
    EXPECT_EQ(table.find(first.id), &first);
    EXPECT_EQ(table.find(second.id), &second);
    EXPECT_EQ(table.at_slot(ConnectionTable::slot_of(second.id)), &second);
    EXPECT_EQ(table.size(), 2U);
    EXPECT_EQ(table.find(ConnectionId(99)), nullptr);
}

TEST(ConnectionTable, AnOldIdFindsNothingWhenItsSlotIsUsedAgain) {
    ConnectionTable table;
    const ConnectionId old = table.create({}, false, start).id;
    table.destroy(old);
    EXPECT_EQ(table.find(old), nullptr);
    for (std::uint32_t i = 0; i < ConnectionTable::resting_min; ++i) {
        const ConnectionId id = table.create({}, false, start).id;
        EXPECT_NE(ConnectionTable::slot_of(id), ConnectionTable::slot_of(old)) << "it rests";
        table.destroy(id);
    }
    const Connection& next = table.create({}, false, start);
    EXPECT_EQ(ConnectionTable::slot_of(next.id), ConnectionTable::slot_of(old));
    EXPECT_NE(next.id, old);
    EXPECT_EQ(table.find(old), nullptr);
}

TEST(ConnectionTable, NoIdComesBackForMillionsOfConnections) {
    ConnectionTable table;
    const ConnectionId first = table.create({}, false, start).id;
    table.destroy(first);
    for (int i = 1; i < 1'000'000; ++i) {
        const ConnectionId id = table.create({}, false, start).id;
        ASSERT_NE(id, first);
        table.destroy(id);
    }
}

TEST(ConnectionTable, VisitsEveryConnection) {
    ConnectionTable table;
    std::vector<ConnectionId> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(table.create({}, false, start).id);
    table.destroy(ids[2]);
    int count = 0;
    table.for_each([&](const Connection&) { ++count; });
    EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace spate::session
