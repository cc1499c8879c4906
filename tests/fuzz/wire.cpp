// Any bytes as what a rank and its spawner say to each other, in any pieces: frames whose fields can be read, or which
// have failed. Texts must lie inside the frame and end there, numbers must not take more memory than there are bytes.
#include "executor/wire.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "executor/call_message.hpp"

namespace {

using namespace fugle::executor::wire;

void check_inside(const Frame& frame, const FrameReader& fields, const char* text) {
  if (fields.failed() && *text == '\0') return;
  const char* const end = frame.body.data() + frame.body.size();
  if (text < frame.body.data() || text + std::strlen(text) >= end) std::abort();
}

void check_inside(const Frame& frame, std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.data() < frame.body.data() || bytes.data() + bytes.size() > frame.body.data() + frame.body.size())
    std::abort();
}

void read(const Frame& frame) {
  FrameReader fields(frame.body);
  switch (frame.kind) {
    case Kind::configure:
      (void)fields.get<std::uint32_t>();
      check_inside(frame, fields, fields.get_text());
      check_inside(frame, fields, fields.get_text());
      for (const char* text : fields.get_texts()) check_inside(frame, fields, text);
      break;
    case Kind::start:
      (void)fields.get<StartFields>();
      if (fields.get_numbers().size() > frame.body.size()) std::abort();
      if (fields.get_numbers().size() > frame.body.size()) std::abort();
      check_inside(frame, fields, fields.get_text());
      for (const char* text : fields.get_texts()) check_inside(frame, fields, text);
      for (const char* text : fields.get_texts()) check_inside(frame, fields, text);
      check_inside(frame, fields, fields.get_text());
      for (const char* text : fields.get_texts()) check_inside(frame, fields, text);
      check_inside(frame, fields, fields.get_text());
      check_inside(frame, fields.get_bytes());
      break;
    case Kind::call:
      if (const auto call = fugle::executor::decode_call(frame.body)) {
        const std::string again = fugle::executor::encode(*call);
        if (fugle::executor::decode_call(std::string_view(again).substr(FrameWriter::kHeaderBytes)) != call) std::abort();
      }
      break;
    case Kind::metrics:
      (void)fields.get<AttemptKey>();
      for (const char* text : fields.get_texts()) check_inside(frame, fields, text);
      break;
    case Kind::said:
      (void)fields.get<AttemptKey>();
      check_inside(frame, fields.get_bytes());
      break;
    case Kind::returned:
      (void)fields.get<ReturnedFields>();
      check_inside(frame, fields.get_bytes());
      check_inside(frame, fields.get_bytes());
      break;
    case Kind::ended:
      (void)fields.get<EndedFields>();
      if (fields.get_numbers().size() > frame.body.size()) std::abort();
      check_inside(frame, fields.get_bytes());
      check_inside(frame, fields.get_bytes());
      break;
    default: (void)fields.get<AttemptKey>();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0];
  FrameSplitter splitter;
  for (std::size_t at = 1; at < size; at += piece) {
    splitter.add({reinterpret_cast<const char*>(data) + at, std::min(piece, size - at)});
    while (const auto frame = splitter.next()) read(*frame);
    splitter.shrink();
  }
  return 0;
}
