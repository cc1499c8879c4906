// Any bytes as what ranks say to each other: a message whose bytes give the same message again, or an EnvironmentError.
// The first byte says of which kind they are: a message of head and worker, the machine of a rank, or a task.
#include "scheduler/message.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "graph/element_text.hpp"
#include "topology/topology.hpp"

namespace {

using namespace fugle;

void take_message(std::string_view bytes) {
  const std::string again = scheduler::encode(scheduler::decode(bytes));
  // Tasks of older versions are written in the present one; that is stable from then on.
  if (scheduler::encode(scheduler::decode(again)) != again) std::abort();
}

void take_task(std::string_view bytes) {
  const graph::Task task = graph::decode_task(bytes);
  const std::string again = graph::encode_task(task);
  if (graph::encode_task(graph::decode_task(again)) != again) std::abort();
}

void take_element(std::string_view bytes) {
  graph::Task task;
  task.output_names = {"out"};
  task.has_cleanup = true;
  const graph::ElementText text = graph::unpack(task, bytes);
  std::string packed;
  graph::pack(task, text, packed);
  if (graph::unpack(task, packed) != text) std::abort();
  for (const std::string& word : text.command) (void)graph::fill_slots(word, {text.outputs, 1, "/scratch", "OK"});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 4) {
      case 0: take_message(bytes); break;
      case 1:
        if (topology::encode_node(topology::decode_node(bytes)) != bytes) std::abort();
        break;
      case 2: take_task(bytes); break;
      case 3: take_element(bytes); break;
    }
  } catch (const EnvironmentError&) {
  }
  return 0;
}
