#include "graph/values.hpp"

#include "base/codec.hpp"

namespace fugle::graph {

std::string encode_values(std::span<const GivenValue> values) {
  ByteWriter out;
  out.put_all(values, [&](const GivenValue& value) { out.put(value.output), out.put(value.text); });
  return out.take();
}

std::optional<std::vector<GivenValue>> decode_values(std::string_view bytes) {
  ByteReader in(bytes);
  auto values = in.get_all<GivenValue>([&] {
    const auto output = in.get<std::uint32_t>();
    return GivenValue{output, in.get<std::string>()};
  });
  if (in.failed() || !in.at_end()) return std::nullopt;
  return values;
}

}  // namespace fugle::graph
