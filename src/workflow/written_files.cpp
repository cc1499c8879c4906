#include "workflow/written_files.hpp"

namespace fugle::workflow {

template <class Visit>
void WrittenFiles::for_each_file(std::uint32_t task, const graph::ElementText& text, Visit visit) const {
  const std::vector<Output>& outputs = tasks_[task].node->outputs;
  for (std::uint32_t o = 0; o < outputs.size() && o < text.outputs.size(); ++o)
    if (outputs[o].kind == graph::OutputKind::file && !text.outputs[o].empty()) visit(o, text.outputs[o]);
}

void WrittenFiles::look() {
  const graph::Graph& graph = outcomes_.knowledge().graph();
  for (; num_seen_ < graph.num_elements(); ++num_seen_) {
    const ElementId e(num_seen_);
    const graph::Task& task = graph.task_of(e);
    const bool has_files = !graph.is_gate(e) && task.kind != graph::TaskKind::expansion && !task.output_names.empty();
    if (has_files) add(e, outcomes_.task_of(e), graph.text(e));
  }
}

std::optional<WrittenFiles::Clash> WrittenFiles::clash_of(ElementId element, std::uint32_t task,
                                                          const graph::ElementText& text) {
  look();
  std::optional<Clash> clash;
  for_each_file(task, text, [&](std::uint32_t output, const std::string& path) {
    const auto first = writers_.writer_of(path);
    if (!clash && first && first->element != element) clash = {*first, path, output};
  });
  return clash;
}

void WrittenFiles::add(ElementId element, std::uint32_t task, const graph::ElementText& text) {
  for_each_file(task, text, [&](std::uint32_t output, const std::string& path) {
    (void)writers_.add_writer(path, {element, task, output});
  });
}

}  // namespace fugle::workflow
