#include "graph/growth.hpp"

#include "base/codec.hpp"
#include "base/error.hpp"

namespace fugle::graph {

std::string encode_growth(const Growth& growth) {
  ByteWriter out;
  out.put_all(growth.tasks, [&](const Task& task) { out.put(encode_task(task)); });
  out.put_all(growth.elements, [&](const Growth::Element& element) {
    out.put(element.task);
    out.put(element.id);
    out.put(element.packed_text);
    out.put(element.estimate_s);
    out.put_all(element.needs, [&](std::uint32_t need) { out.put(need); });
  });
  out.put_all(growth.closings, [&](const Growth::Closing& closing) {
    out.put(closing.gate);
    out.put(closing.first);
    out.put(closing.last);
  });
  return out.take();
}

std::optional<Growth> decode_growth(std::string_view bytes) try {
  ByteReader in(bytes);
  Growth growth;
  growth.tasks = in.get_all<Task>([&] { return decode_task(in.get<std::string>()); });
  growth.elements = in.get_all<Growth::Element>([&] {
    Growth::Element element;
    element.task = in.get<TaskId>();
    element.id = in.get<std::string>();
    element.packed_text = in.get<std::string>();
    element.estimate_s = in.get<float>();
    element.needs = in.get_all<std::uint32_t>([&] { return in.get<std::uint32_t>(); });
    return element;
  });
  growth.closings = in.get_all<Growth::Closing>([&] {
    Growth::Closing closing;
    closing.gate = in.get<ElementId>();
    closing.first = in.get<std::uint32_t>();
    closing.last = in.get<std::uint32_t>();
    return closing;
  });
  if (in.failed() || !in.at_end()) return std::nullopt;
  return growth;
} catch (const EnvironmentError&) {
  return std::nullopt;
}

}  // namespace fugle::graph
