// Which element of a run writes which file, those that come while it goes on too. What two of them would write is
// refused to the second, and who reads what another one writes waits for it, as before the run (file_links.hpp).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/element_text.hpp"
#include "workflow/file_links.hpp"
#include "workflow/outcomes.hpp"

namespace fugle::workflow {

class WrittenFiles {
 public:
  /// Must outlive this.
  WrittenFiles(const std::vector<CompiledTask>& tasks, const Outcomes& outcomes) : tasks_(tasks), outcomes_(outcomes) {}

  /// A file that is written already.
  struct Clash {
    FileUser first;
    std::string path;
    std::uint32_t output = 0;  ///< of the second writer
  };
  /// Of an element, with these texts, that does not write yet what an element of the graph writes.
  [[nodiscard]] std::optional<Clash> clash_of(ElementId element, std::uint32_t task, const graph::ElementText& text);
  /// From now on it writes what was known only when its needs were met. Without a clash.
  void add(ElementId element, std::uint32_t task, const graph::ElementText& text);
  /// Those of other tasks: calls `link(writer, reader)` with the readers that `links` has.
  template <class Link>
  void for_each_link(const FileLinks& links, Link&& link) {
    look();
    writers_.for_each_link_from(links, link);
  }

 private:
  /// Elements that the graph has gained.
  void look();
  template <class Visit>
  void for_each_file(std::uint32_t task, const graph::ElementText& text, Visit visit) const;

  const std::vector<CompiledTask>& tasks_;
  const Outcomes& outcomes_;
  FileLinks writers_;
  std::uint32_t num_seen_ = 0;
};

}  // namespace fugle::workflow
