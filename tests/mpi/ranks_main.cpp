#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "mpi/ranks.hpp"

namespace {

struct Rank {
  fugle::transport::MpiTransport transport;
  fugle::testing::Mailbox mailbox{transport, fugle::testing::sleep_on_bells};
};

std::optional<Rank>& rank() {
  static std::optional<Rank> instance;
  return instance;
}

/// One line at once: the ranks share the terminal.
void say(const std::string& line) {
  const std::string text = line + "\n";
  (void)!::write(STDOUT_FILENO, text.data(), text.size());
}

class FailurePrinter : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    say(fmt::format("rank {}: {}:{}: {}", fugle::testing::world().self().value(),
                    result.file_name() == nullptr ? "?" : result.file_name(), result.line_number(), result.message()));
  }
  void OnTestEnd(const testing::TestInfo& info) override {
    if (fugle::testing::world().self().value() != 0) return;
    say(fmt::format("{} ({} ms)", info.name(), info.result()->elapsed_time()));
  }
};

}  // namespace

fugle::transport::MpiTransport& fugle::testing::world() { return rank()->transport; }
fugle::testing::Mailbox& fugle::testing::mailbox() { return rank()->mailbox; }

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new FailurePrinter);
  rank().emplace();
  const int result = RUN_ALL_TESTS();
  say(fmt::format("rank {} {}", fugle::testing::world().self().value(), result == 0 ? "passed" : "failed"));
  fugle::testing::world().finish();
  ::_exit(result);
}
