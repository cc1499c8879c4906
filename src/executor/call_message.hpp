// One call of a function in a standing child process, as the rank describes it and the process reads it: a frame of
// wire.hpp, which the spawner hands on unread. Header only; both programs come from one build.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "executor/wire.hpp"

namespace fugle::executor {

struct CallMessage {
  std::string function;  ///< "library:function"; a library with a slash is absolute
  std::string run_id;
  std::string run_dir;
  std::string task;
  std::string element;
  std::uint32_t worker = 0;
  std::uint32_t attempt = 1;
  std::uint32_t index = 0;
  std::uint32_t cores = 1;
  std::string arguments;  ///< JSON
  std::string workdir;
  std::string scratch;
  std::vector<std::pair<std::string, std::string>> inputs;   ///< name and path
  std::vector<std::pair<std::string, std::string>> outputs;  ///< name and staged path
  std::vector<std::string> results;
  std::vector<std::string> environment;   ///< "NAME=VALUE", of this attempt alone
  std::vector<std::uint32_t> cpus;        ///< to be bound to; none: to what the spawner may use
  std::vector<std::uint32_t> numa_nodes;  ///< where memory is preferred
  std::vector<std::uint32_t> gpus;
  bool operator==(const CallMessage&) const = default;
};

namespace detail {

inline void put_pairs(wire::FrameWriter& frame, const std::vector<std::pair<std::string, std::string>>& pairs) {
  frame.put(static_cast<std::uint32_t>(pairs.size()));
  for (const auto& [name, value] : pairs) frame.put_bytes(name).put_bytes(value);
}
inline std::vector<std::pair<std::string, std::string>> get_pairs(wire::FrameReader& fields) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto count = fields.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && !fields.failed(); ++i) {
    const std::string_view name = fields.get_bytes();
    pairs.emplace_back(name, fields.get_bytes());
  }
  return pairs;
}
inline void put_all(wire::FrameWriter& frame, const std::vector<std::string>& texts) {
  frame.put(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) frame.put_bytes(text);
}
inline std::vector<std::string> get_all(wire::FrameReader& fields) {
  std::vector<std::string> texts;
  const auto count = fields.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && !fields.failed(); ++i) texts.emplace_back(fields.get_bytes());
  return texts;
}

}  // namespace detail

/// A whole frame of kind `call`.
[[nodiscard]] inline std::string encode(const CallMessage& call) {
  std::string bytes;
  {
    wire::FrameWriter frame(bytes, wire::Kind::call);
    for (const std::string* text : {&call.function, &call.run_id, &call.run_dir, &call.task, &call.element,
                                    &call.arguments, &call.workdir, &call.scratch})
      frame.put_bytes(*text);
    frame.put(call.worker).put(call.attempt).put(call.index).put(call.cores);
    detail::put_pairs(frame, call.inputs);
    detail::put_pairs(frame, call.outputs);
    detail::put_all(frame, call.results);
    detail::put_all(frame, call.environment);
    frame.put_numbers(call.cpus).put_numbers(call.numa_nodes).put_numbers(call.gpus);
  }
  return bytes;
}

/// Of the body of such a frame; nothing when it is damaged.
[[nodiscard]] inline std::optional<CallMessage> decode_call(std::string_view body) {
  wire::FrameReader fields(body);
  CallMessage call;
  for (std::string* text : {&call.function, &call.run_id, &call.run_dir, &call.task, &call.element, &call.arguments,
                            &call.workdir, &call.scratch})
    *text = fields.get_bytes();
  for (std::uint32_t* number : {&call.worker, &call.attempt, &call.index, &call.cores})
    *number = fields.get<std::uint32_t>();
  call.inputs = detail::get_pairs(fields);
  call.outputs = detail::get_pairs(fields);
  call.results = detail::get_all(fields);
  call.environment = detail::get_all(fields);
  call.cpus = fields.get_numbers();
  call.numa_nodes = fields.get_numbers();
  call.gpus = fields.get_numbers();
  if (fields.failed()) return std::nullopt;
  return call;
}

}  // namespace fugle::executor
