// Any bytes as a workflow file whose run goes on: lists, conditions, values and handlers are asked for as elements
// end, one way or another, and give something. Whatever they gave, the language must answer with elements that fit the
// graph, with texts, or with a reason; and so it must in a later life.
#include "workflow/run_time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "workflow/expand.hpp"
#include "workflow/reader.hpp"

namespace {

using namespace fugle;
using namespace fugle::workflow;

constexpr std::uint32_t kMostElements = 500;

struct SomeFiles final : Files {
  Value answer(FileQuestion question, const std::string& path, const std::string&) override {
    if (question == FileQuestion::exists) return path.size() % 2 == 0;
    return List{Value("a"), Value("b-" + path)};
  }
};

/// What becomes of elements, and what they give, follows from their ids.
class SomeRun final : public Knowledge {
 public:
  explicit SomeRun(graph::Graph graph) : graph_(std::move(graph)) { grow(); }

  void end(ElementId e, const char* state) { states_[e.value()] = state; }
  [[nodiscard]] bool has_ended(ElementId e) const { return states_[e.value()] != kWaiting; }
  [[nodiscard]] bool is_free(ElementId e) const {
    return !has_ended(e) &&
           std::ranges::all_of(graph_.needs(e), [&](std::uint32_t n) { return has_ended(ElementId(n)); });
  }
  void grow(ElementId expansion, graph::Growth growth) {
    graph_.grow(expansion, std::move(growth));
    grow();
  }
  [[nodiscard]] std::uint64_t chance(ElementId e, std::uint32_t salt = 0) const {
    return hash_text(graph_.id(e), salt + 1);
  }

  [[nodiscard]] const graph::Graph& graph() const override { return graph_; }
  [[nodiscard]] std::string_view state(ElementId e) const override { return states_[e.value()]; }
  [[nodiscard]] std::optional<int> exit_code(ElementId e) const override {
    if (!has_ended(e) || chance(e) % 5 == 0) return std::nullopt;
    return state(e) == "OK" ? 0 : 1;
  }
  [[nodiscard]] std::string_view failure_class(ElementId) const override { return "error"; }
  [[nodiscard]] const std::string* given(ElementId e, std::uint32_t output) const override {
    static const std::array<std::string, 10> kTexts = {"a\nb\nc\n",
                                                       "3",
                                                       "true",
                                                       R"({"l": [1, {"id": "x", "n": 2}], "n": 2})",
                                                       R"([[1], null, "a b"])",
                                                       "",
                                                       "1..4",
                                                       "two words\n\ntwo words\n",
                                                       "x; y",
                                                       "-2.5"};
    if (state(e) != "OK") return nullptr;
    const std::uint64_t which = chance(e, output) % (kTexts.size() + 1);
    return which == kTexts.size() ? nullptr : &kTexts[which];
  }

 private:
  static constexpr std::string_view kWaiting = "WAITING";
  void grow() { states_.resize(graph_.num_elements(), kWaiting); }

  graph::Graph graph_;
  std::vector<std::string_view> states_;
};

/// One life: false when nothing could be done any more.
bool step(SomeRun& run, RunTime& language) {
  bool is_done = true;
  for (std::uint32_t i = 0; i < run.graph().num_elements() && i < kMostElements; ++i) {
    const ElementId e(i);
    if (!run.is_free(e)) continue;
    is_done = false;
    const graph::Task& task = run.graph().task_of(e);
    if (task.kind == graph::TaskKind::expansion) {
      auto answer = language.expand(e);
      if (auto* growth = std::get_if<graph::Growth>(&answer)) {
        if (!run.graph().find_flaw(e, *growth).empty()) std::abort();
        run.grow(e, std::move(*growth));
        run.end(e, "OK");
      } else {
        run.end(e, std::get<RunTime::Refusal>(answer).is_wrong ? "FAILED" : "SKIPPED");
      }
    } else if (task.has_when || task.is_late) {
      const auto answer = language.decide(e);
      const auto* text = std::get_if<std::string>(&answer);
      if (text != nullptr && !text->empty()) (void)graph::unpack(task, *text);
      if (text == nullptr) {
        run.end(e, std::get<RunTime::Refusal>(answer).is_wrong ? "FAILED" : "SKIPPED");
        continue;
      }
    }
    if (run.has_ended(e)) continue;
    constexpr std::array<const char*, 8> kEnds = {"OK", "OK", "OK", "OK", "OK", "FAILED", "BLOCKED", "CANCELLED"};
    run.end(e, run.graph().is_gate(e) ? "OK" : kEnds[run.chance(e) % kEnds.size()]);
  }
  return !is_done;
}

/// Nothing is found where a few bytes ask for gigabytes, and are right to.
bool is_small(std::string_view text) {
  for (std::size_t at = text.find(".."); at != text.npos; at = text.find("..", at + 1))
    if (text.substr(at + 2).find_first_not_of("0123456789") > 2) return false;
  return text.find("range(") == text.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!is_small(bytes)) return 0;
  Diagnostics diagnostics("fuzz.yaml");
  const ReadOptions alone{[](const std::string&, std::string& why) -> std::optional<std::string> {
    why = "not found";
    return std::nullopt;
  }};
  auto workflow = read_workflow(bytes, diagnostics, alone);
  if (!workflow) return 0;
  SomeFiles files;
  ExpandOptions options;
  options.directory = "/somewhere";
  options.environment = {{"HOME", "/home"}};
  options.files = &files;
  auto graph = expand(*workflow, options, diagnostics);
  if (!graph || graph->num_elements() > kMostElements) return 0;
  SomeRun run(*std::move(graph));
  for (int life = 0; life < 2; ++life) {
    RunTime language(*workflow, options, run);
    for (int steps = life == 0 ? 2 : 20; steps > 0 && step(run, language); --steps) {
    }
  }
  return 0;
}
