// Adds the elements of one compiled task to the graph: evaluates its texts element by element, groups elements of
// equal settings under one graph::Task, and notes the files they read and write.
#pragma once

#include <map>

#include "graph/graph.hpp"
#include "workflow/element_names.hpp"
#include "workflow/file_links.hpp"

namespace fugle::workflow {

class ElementMaker {
 public:
  ElementMaker(const Symbols& symbols, const std::vector<CompiledTask>& tasks, OutputLists& lists,
               graph::GraphBuilder& builder, FileLinks& links, Diagnostics& diagnostics)
      : symbols_(symbols), tasks_(tasks), lists_(lists), builder_(builder), links_(links), diagnostics_(diagnostics) {
    if (lists.outcomes() != nullptr) return;  // which know where they are
    for (const CompiledTask& task : tasks) {
      first_element_.push_back(num_elements_);
      num_elements_ += task.prospect.is_open ? 1 : task.num_elements;
    }
  }

  /// Reports the first wrong element of the task (E402 to E405, E104 and the like) and leaves the rest out; E203.
  void add_elements_of(const CompiledTask& task);
  /// The same while the run goes on, of a task that was open.
  void add_new_elements_of(const CompiledTask& task);
  /// The texts of an element whose needs are met, packed; the layout is that of `common`. Throws ExpressionError.
  [[nodiscard]] std::optional<std::string> decided_text(const CompiledTask& task, std::uint64_t index,
                                                        const graph::Task& common);

 private:
  using Groups = std::map<Settings, TaskId>;
  void add_all(const CompiledTask& task);
  /// Throws ExpressionError E202 for `place: near` an unknown task.
  void check_near(const TaskNode& node, const Settings& settings) const;
  [[nodiscard]] graph::Task common_part(const CompiledTask& task, const ElementNames& names) const;
  void set_env(const CompiledTask& task, const ElementNames& names, graph::Task& common) const;
  void add_expansion(const CompiledTask& task);
  void fill_stand_ins(const CompiledTask& task, const ElementNames& names, std::uint64_t index,
                      graph::ElementText& text) const;
  void fill_failure(const CompiledTask& task, std::uint64_t index, graph::ElementText& text) const;
  [[nodiscard]] std::uint64_t first_of(const CompiledTask& task) const;
  [[nodiscard]] std::uint64_t count_of(const CompiledTask& task) const;
  void fill(const CompiledTask& task, const ElementNames& names, std::uint64_t index, graph::ElementText& text) const;
  static void fill_command(const CompiledTask& task, const ElementNames& names, const std::vector<TextTemplate>& from,
                           std::vector<std::string>& into);
  void fill_function(const CompiledTask& task, const ElementNames& names, std::uint64_t index,
                     graph::ElementText& text) const;
  static void fill_references(const CompiledTask& task, const ElementNames& names, graph::ElementText& text);
  void fill_surroundings(const CompiledTask& task, const ElementNames& names, graph::ElementText& text) const;
  static void fill_service(const CompiledTask& task, const ElementNames& names, graph::ElementText& text);
  void warn_of_shared_crashes(const TaskNode& node, const Settings& settings) const;
  static void fill_restart(const CompiledTask& task, const ElementNames& names, graph::ElementText& text);
  void link_files(const CompiledTask& task, const ElementNames& names, ElementId element);
  void report_second_writer(const CompiledTask& task, const ElementNames& names, FileUser first, FileUser second);

  const Symbols& symbols_;
  const std::vector<CompiledTask>& tasks_;
  OutputLists& lists_;
  graph::GraphBuilder& builder_;
  FileLinks& links_;
  Diagnostics& diagnostics_;
  std::vector<std::uint64_t> first_element_;  ///< [task], as long as none is broken; before the run
  std::uint64_t num_elements_ = 0;
};

}  // namespace fugle::workflow
