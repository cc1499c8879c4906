// What every Store promises, as one test body.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::testing {

/// Where a store keeps its events from life to life.
class StoreWorld {
 public:
  virtual ~StoreWorld() = default;
  /// A new life on what earlier ones left. The store before it is gone.
  virtual std::unique_ptr<scheduler::Store> open() = 0;
  /// What the next life would begin with.
  virtual std::vector<scheduler::Event> read() = 0;
};

inline scheduler::Event numbered_event(scheduler::Sequence number) {
  scheduler::Event event;
  event.kind = scheduler::EventKind::attempt_ended;
  event.element = ElementId(static_cast<std::uint32_t>(number));
  event.attempt = 1;
  event.start = from_ns(static_cast<std::int64_t>(number));
  event.text = "event " + std::to_string(number);
  return event;
}

inline std::vector<scheduler::Event> numbered_events(scheduler::Sequence first, scheduler::Sequence last) {
  std::vector<scheduler::Event> events;
  for (auto number = first; number <= last; ++number) events.push_back(numbered_event(number));
  return events;
}

inline void counts_from_what_was_there(scheduler::Store& store, scheduler::Sequence before) {
  EXPECT_EQ(store.appended(), before);
  EXPECT_EQ(store.durable(), before);
  store.append(numbered_events(before + 1, before + 3));
  EXPECT_EQ(store.appended(), before + 3);
  store.append({});
  EXPECT_EQ(store.appended(), before + 3);
}

inline void is_never_more_durable_than_appended(scheduler::Store& store) {
  scheduler::Sequence durable = store.durable();
  for (int i = 0; i < 200; ++i) {
    store.append(numbered_events(store.appended() + 1, store.appended() + 1 + static_cast<unsigned>(i % 5)));
    if (i % 50 == 49) store.flush();
    const scheduler::Sequence now = store.durable();
    ASSERT_GE(now, durable);
    ASSERT_LE(now, store.appended());
    durable = now;
  }
}

inline void is_durable_after_flush(scheduler::Store& store) {
  store.flush();
  EXPECT_EQ(store.durable(), store.appended());
  store.flush();  // nothing to do
  EXPECT_EQ(store.fault(), std::nullopt);
  EXPECT_FALSE(store.is_superseded());
}

inline void keeps_the_contract(StoreWorld& world) {
  EXPECT_TRUE(world.read().empty());
  scheduler::Sequence last = 0;
  for (int life = 0; life < 3; ++life) {
    {
      const auto store = world.open();
      counts_from_what_was_there(*store, last);
      is_never_more_durable_than_appended(*store);
      is_durable_after_flush(*store);
      last = store->appended();
    }
    EXPECT_EQ(world.read(), numbered_events(1, last)) << "life " << life;
  }
}

}  // namespace fugle::testing
