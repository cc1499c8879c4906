// Builders that make tests of the scheduler read as stories:
//   GraphStory story;  auto a = story.task("a"); auto b = story.task("b").after(a).cores(2); Graph g = story.graph();
#pragma once

#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::testing {

class GraphStory {
 public:
  class TaskStory {
   public:
    TaskStory(GraphStory& story, std::size_t index) : story_(&story), index_(index) {}
    TaskStory after(TaskStory other) { return story_->needs_.emplace_back(other.index_, index_), *this; }
    /// Whether that ends well or not.
    TaskStory after_end_of(TaskStory other) { return story_->waits_.emplace_back(other.index_, index_), *this; }
    TaskStory cores(std::uint32_t n) { return task().request.cores = n, *this; }
    TaskStory mem(std::uint64_t bytes) { return task().request.mem_bytes = bytes, *this; }
    TaskStory priority(int p) { return task().priority = p, *this; }
    TaskStory retries(std::uint32_t max, Duration delay) {
      return task().retries.max = max, task().retries.delay = delay, task().retries.jitter = 0, *this;
    }
    TaskStory ignore_failure() { return task().on_failure = graph::OnFailure::ignore, *this; }
    TaskStory takes(Duration estimate) { return task().estimate = estimate, *this; }
    TaskStory times(std::uint32_t n) { return story_->counts_[index_] = n, *this; }
    graph::Task& task() { return story_->tasks_[index_]; }

   private:
    GraphStory* story_;
    std::size_t index_;
  };

  TaskStory task(const std::string& name) {
    graph::Task task;
    task.name = name;
    task.workdir = "/";
    tasks_.push_back(task);
    counts_.push_back(1);
    return {*this, tasks_.size() - 1};
  }

  /// "name", or "name[0]" ... where there are several.
  [[nodiscard]] graph::Graph graph() const {
    graph::GraphBuilder builder;
    std::vector<std::vector<ElementId>> elements;
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      const TaskId id = builder.add_task(tasks_[t]);
      auto& mine = elements.emplace_back();
      graph::ElementText text;
      text.command = {"true"};
      for (std::uint32_t i = 0; i < counts_[t]; ++i) {
        const std::string name = tasks_[t].name + (counts_[t] > 1 ? "[" + std::to_string(i) + "]" : "");
        mine.push_back(builder.add_element(id, name, text));
      }
    }
    for (const auto& [from, to] : needs_) builder.add_edges_all(elements[from], elements[to]);
    for (const auto& [from, to] : waits_) builder.add_edges_after_end(elements[from], elements[to]);
    return graph::Graph(std::move(builder).build());
  }

 private:
  std::vector<graph::Task> tasks_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::pair<std::size_t, std::size_t>> needs_, waits_;
};

}  // namespace fugle::testing
