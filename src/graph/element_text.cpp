#include "graph/element_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::graph {
namespace {

void put(std::string_view field, std::string& out) {
  std::size_t length = field.size();
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
  out += field;
}

[[noreturn]] void throw_damaged(const char* what) {
  throw EnvironmentError(fmt::format("cannot read an element ({}); its bytes are damaged", what));
}

std::string_view take(std::string_view& packed) {
  std::size_t length = 0;
  std::size_t at = 0;
  for (unsigned shift = 0;; shift += 7, ++at) {
    if (at >= packed.size() || shift >= 63) throw_damaged("a length is cut off");
    const auto byte = static_cast<unsigned char>(packed[at]);
    length |= static_cast<std::size_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) break;
  }
  ++at;
  if (length > packed.size() - at) throw_damaged("a text is cut off");
  const std::string_view field = packed.substr(at, length);
  packed.remove_prefix(at + length);
  return field;
}

void put_all(const std::vector<std::string>& fields, std::size_t expected, std::string& out) {
  FUGLE_EXPECT(fields.size() == expected);
  for (const std::string& field : fields) put(field, out);
}

std::vector<std::string> take_all(std::size_t count, std::string_view& packed) {
  std::vector<std::string> fields;
  fields.reserve(count);
  for (std::size_t i = 0; i < count; ++i) fields.emplace_back(take(packed));
  return fields;
}

/// How many, then each.
void put_counted(const std::vector<std::string>& fields, std::string& out) {
  put(std::to_string(fields.size()), out);
  for (const std::string& field : fields) put(field, out);
}

std::vector<std::string> take_counted(std::string_view& packed) {
  const std::string_view digits = take(packed);
  std::size_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  FUGLE_CHECK_THAT(count <= packed.size(), "packed element text ends too early");
  return take_all(count, packed);
}

std::size_t num_varying_references(const Task& task) {
  return static_cast<std::size_t>(std::ranges::count_if(task.metrics, &Metric::reference_varies));
}

}  // namespace

void pack(const Task& task, const ElementText& text, std::string& out) {
  put_all(text.matrix, task.matrix_names.size(), out);
  put_all(text.env, task.env_names.size(), out);
  put_all(text.inputs, task.input_names.size(), out);
  put_all(text.outputs, task.output_names.size(), out);
  if (task.workdir.empty()) put(text.workdir, out);
  if (task.has_cleanup) put(text.cleanup, out);
  if (task.restart.is_given) {
    put_counted(text.restart_files, out);
    put_counted(text.restart_command, out);
  }
  if (task.kind == TaskKind::function) {
    put(text.arguments, out);
    put_counted(text.results_of, out);
  }
  if (task.service.is_given) {
    put(text.ready_command, out);
    put(text.stop_command, out);
  }
  put_all(text.references, num_varying_references(task), out);
  if (task.has_setup) put(text.setup, out);
  if (task.container.runtime != ContainerRuntime::none) put(text.image, out);
  if (task.log == LogMode::file) put(text.log, out);
  for (const std::string& word : text.command) put(word, out);
}

ElementText unpack(const Task& task, std::string_view packed) {
  ElementText text;
  text.matrix = take_all(task.matrix_names.size(), packed);
  text.env = take_all(task.env_names.size(), packed);
  text.inputs = take_all(task.input_names.size(), packed);
  text.outputs = take_all(task.output_names.size(), packed);
  if (task.workdir.empty()) text.workdir = take(packed);
  if (task.has_cleanup) text.cleanup = take(packed);
  if (task.restart.is_given) {
    text.restart_files = take_counted(packed);
    text.restart_command = take_counted(packed);
  }
  if (task.kind == TaskKind::function) {
    text.arguments = take(packed);
    text.results_of = take_counted(packed);
  }
  if (task.service.is_given) {
    text.ready_command = take(packed);
    text.stop_command = take(packed);
  }
  text.references = take_all(num_varying_references(task), packed);
  if (task.has_setup) text.setup = take(packed);
  if (task.container.runtime != ContainerRuntime::none) text.image = take(packed);
  if (task.log == LogMode::file) text.log = take(packed);
  while (!packed.empty()) text.command.emplace_back(take(packed));
  return text;
}

std::string output_slot(std::size_t output, bool quoted) {
  return fmt::format("{}{}{}{}", kSlot, quoted ? 'q' : 'o', output, kSlot);
}

std::string escape_slots(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (c == kSlot)
      escaped += fmt::format("{}l0{}", kSlot, kSlot);
    else
      escaped += c;
  }
  return escaped;
}

std::string fill_slots(std::string_view text, const SlotValues& values) {
  std::string filled;
  filled.reserve(text.size());
  while (!text.empty()) {
    const std::size_t open = text.find(kSlot);
    filled += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find(kSlot, open + 1);
    if (close == std::string_view::npos || close < open + 3) throw_damaged("a slot is not closed");
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(text.data() + open + 2, text.data() + close, index);
    if (error != std::errc{} || end != text.data() + close) throw_damaged("a slot without a number");
    const bool is_output = text[open + 1] == 'o' || text[open + 1] == 'q';
    if (is_output && index >= values.staged_outputs.size()) throw_damaged("a slot is for an output there is not");
    switch (text[open + 1]) {
      case 'o': filled += values.staged_outputs[index]; break;
      case 'q': filled += quote_for_shell(values.staged_outputs[index]); break;
      case 'a': filled += std::to_string(values.attempt); break;
      case 's': filled += values.scratch; break;
      case 'S': filled += quote_for_shell(values.scratch); break;
      case 'L': filled += values.launcher; break;
      case 'r': filled += values.run_state; break;
      case 'l': filled += kSlot; break;
      default: throw_damaged("a slot is of no known kind");
    }
    text.remove_prefix(close + 1);
  }
  return filled;
}

std::string path_for_attempt(OutputKind kind, std::string_view path, std::uint32_t attempt) {
  return kind == OutputKind::file ? staged_path(path, attempt) : std::string(path);
}

std::string staged_path(std::string_view final_path, std::uint32_t attempt) {
  const std::size_t slash = final_path.rfind('/');
  const std::size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  return fmt::format("{}.{}-{}", final_path.substr(0, name), attempt, final_path.substr(name));
}

}  // namespace fugle::graph
