// A call made by hand, so that one function of a plugin can be tested alone: without fugle, a workflow or a run.
//
//   fugle::plugin::FakeCall fake(R"({"column": 1})");
//   fake.input("table", "testdata/three_rows.csv").output("mean", folder / "mean.txt");
//   mean(fake.call());
//   EXPECT_EQ(fake.value<double>(), 2.0);
//
// Records what the function does; knows nothing of test frameworks. Header only, for one thread besides the function's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <fugle/plugin.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fugle::plugin {

class FakeCall {
 public:
  /// `with`: JSON, as the workflow's `with` would be.
  explicit FakeCall(std::string with = "{}") : with_(std::move(with)) {
    raw_.abi = FUGLE_PLUGIN_ABI;
    raw_.size = sizeof raw_;
    raw_.run_id = "fake-run";
    raw_.run_dir = raw_.workdir = ".";
    raw_.task = raw_.element = "fake";
    raw_.attempt = raw_.cores = raw_.num_ranks = 1;
    raw_.with = with_.c_str();
    raw_.set_result = [](const FugleCall* call, const void* data, std::size_t size) {
      self(call).result_.assign(static_cast<const char*>(data), size);
    };
    raw_.set_error = [](const FugleCall* call, const char* text) { self(call).error_ = text; };
    raw_.is_cancelled = [](const FugleCall* call) { return self(call).is_cancelled_.load() ? 1 : 0; };
    raw_.log = [](const FugleCall* call, const char* text) { self(call).lines_.emplace_back(text); };
    raw_.host = this;
  }
  FakeCall(const FakeCall&) = delete;
  FakeCall& operator=(const FakeCall&) = delete;

  // What the function is to find. A list of inputs is one path a line.
  FakeCall& input(std::string name, std::string path) { return add(inputs_, std::move(name), std::move(path)); }
  FakeCall& output(std::string name, std::string path) { return add(outputs_, std::move(name), std::move(path)); }
  FakeCall& result_before(std::string bytes) {
    texts_.push_back(std::move(bytes));
    results_.push_back({texts_.back().data(), texts_.back().size()});
    return *this;
  }
  FakeCall& scratch(std::string path) {
    texts_.push_back(std::move(path));
    raw_.scratch = texts_.back().c_str();
    return *this;
  }
  FakeCall& index(std::uint32_t index) {
    raw_.index = index;
    return *this;
  }
  FakeCall& cores(std::uint32_t cores) {
    raw_.cores = cores;
    return *this;
  }
  FakeCall& cancel() {
    is_cancelled_ = true;
    return *this;
  }

  /// To be given to the function; all was said before.
  [[nodiscard]] Call& call() {
    (void)raw();
    return call_;
  }
  /// The same for a function in C.
  [[nodiscard]] const FugleCall* raw() {
    raw_.inputs = inputs_.data();
    raw_.num_inputs = static_cast<std::uint32_t>(inputs_.size());
    raw_.outputs = outputs_.data();
    raw_.num_outputs = static_cast<std::uint32_t>(outputs_.size());
    raw_.results = results_.data();
    raw_.num_results = static_cast<std::uint32_t>(results_.size());
    return &raw_;
  }

  // What it did.
  [[nodiscard]] const std::string& result() const { return result_; }
  template <class T>
  [[nodiscard]] T value() const {
    return Call::to_value<T>(result_);
  }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  static FakeCall& self(const FugleCall* call) { return *static_cast<FakeCall*>(call->host); }
  FakeCall& add(std::vector<FugleFile>& files, std::string name, std::string path) {
    texts_.push_back(std::move(name));
    const char* const kept_name = texts_.back().c_str();
    texts_.push_back(std::move(path));
    files.push_back({kept_name, texts_.back().c_str()});
    return *this;
  }

  std::string with_;
  std::deque<std::string> texts_;  ///< what the tables below point to
  std::vector<FugleFile> inputs_;
  std::vector<FugleFile> outputs_;
  std::vector<FugleBytes> results_;
  FugleCall raw_{};
  Call call_{raw_};
  std::atomic<bool> is_cancelled_ = false;
  std::string result_;
  std::string error_;
  std::vector<std::string> lines_;
};

}  // namespace fugle::plugin
