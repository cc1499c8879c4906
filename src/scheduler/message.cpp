#include "scheduler/message.hpp"

#include <fmt/format.h>

#include "base/codec.hpp"
#include "base/error.hpp"

namespace fugle::scheduler {
namespace {

void put_elements(ByteWriter& out, const std::vector<ElementId>& elements) {
  out.put_all(elements, [&](ElementId e) { out.put(e); });
}

std::vector<ElementId> get_elements(ByteReader& in) {
  return in.get_all<ElementId>([&] { return in.get<ElementId>(); });
}

void put_numbers(ByteWriter& out, const std::vector<std::uint32_t>& numbers) {
  out.put_all(numbers, [&](std::uint32_t number) { out.put(number); });
}

std::vector<std::uint32_t> get_numbers(ByteReader& in) {
  return in.get_all<std::uint32_t>([&] { return in.get<std::uint32_t>(); });
}

void put_place(ByteWriter& out, const Place& place) {
  put_numbers(out, place.cpus);
  put_numbers(out, place.numa_nodes);
  put_numbers(out, place.gpus);
  out.put(place.is_real);
}

Place get_place(ByteReader& in) {
  Place place;
  place.cpus = get_numbers(in);
  place.numa_nodes = get_numbers(in);
  place.gpus = get_numbers(in);
  place.is_real = in.get<bool>();
  return place;
}

Member get_member(ByteReader& in) {
  Member member;
  member.worker = in.get<WorkerId>();
  member.node = in.get<std::string>();
  member.place = get_place(in);
  return member;
}

struct Encoder {
  ByteWriter& out;

  void operator()(const Hello& hello) {
    out.put(hello.node);
    out.put(hello.pid);
    out.put(hello.cores);
    out.put(hello.mem_bytes);
    out.put(hello.gpus);
  }
  void operator()(const Grant& grant) {
    out.put(grant.report_interval);
    out.put(grant.last_end);
    out.put(grant.run_state);
    out.put_all(grant.tasks, [&](const auto& entry) {
      out.put(entry.first);
      out.put(graph::encode_task(*entry.second));
    });
    out.put_all(grant.elements, [&](const LeasedElement& e) {
      out.put(e.element);
      out.put(e.task);
      out.put(e.attempt);
      out.put(e.index);
      out.put(e.order);
      out.put(e.waits_for);
      put_elements(out, e.releases);
      out.put(e.is_awaited);
      out.put(e.expected_s);
      out.put(e.id);
      out.put(e.packed_text);
      out.put(e.party);
      out.put(e.retries);
    });
  }
  void operator()(const Revoke& revoke) { put_elements(out, revoke.elements); }
  void operator()(const StopAttempts& stop) { put_elements(out, stop.elements); }
  void operator()(const Shutdown&) {}
  void operator()(const Release& release) { put_elements(out, release.elements); }
  void operator()(const SignalAttempts& signal) {
    put_elements(out, signal.elements);
    out.put(signal.signal);
  }
  void operator()(const Tenure& tenure) { out.put(tenure.end); }
  void operator()(const Placed& placed) {
    out.put(placed.element);
    out.put(placed.party);
    put_place(out, placed.place);
  }
  void operator()(const StartParty& start) {
    out.put(start.element);
    out.put(start.party);
    out.put(start.position);
    out.put_all(start.members, [&](const Member& member) {
      out.put(member.worker);
      out.put(member.node);
      put_place(out, member.place);
    });
  }
  void operator()(const EndParty& end) {
    out.put(end.element);
    out.put(end.party);
  }
  void operator()(const CarryWord& carry) { (*this)(carry.word); }
  void operator()(const PartyWord& word) {
    out.put(word.element);
    out.put(word.attempt);
    out.put(word.from);
    out.put(word.to);
    out.put(word.bytes);
  }
  void operator()(const CarryValue& carry) { (*this)(carry.word); }
  void operator()(const ValueWord& word) {
    out.put(word.kind);
    out.put(word.element);
    out.put(word.who);
    out.put(word.bytes);
  }
  void operator()(const Report& report) {
    out.put_all(report.attempts, [&](const AttemptReport& a) {
      out.put(a.kind);
      out.put(a.element);
      out.put(a.attempt);
      out.put(a.start);
      out.put(a.end);
      out.put(a.cls);
      out.put(a.exit);
      out.put(a.cpu_ms);
      out.put(a.maxrss_kb);
      out.put(a.read_bytes);
      out.put(a.written_bytes);
      out.put(a.reason);
      out.put(a.measures);
      out.put(a.values);
    });
    put_elements(out, report.returned);
    out.put(report.goodbye);
  }
};

LeasedElement get_leased(ByteReader& in) {
  LeasedElement e;
  e.element = in.get<ElementId>();
  e.task = in.get<TaskId>();
  e.attempt = in.get<std::uint16_t>();
  e.index = in.get<std::uint32_t>();
  e.order = in.get<std::uint32_t>();
  e.waits_for = in.get<std::uint32_t>();
  e.releases = get_elements(in);
  e.is_awaited = in.get<bool>();
  e.expected_s = in.get<float>();
  e.id = in.get<std::string>();
  e.packed_text = in.get<std::string>();
  e.party = in.get<std::uint32_t>();
  e.retries = in.get<std::uint16_t>();
  return e;
}

AttemptReport get_attempt(ByteReader& in) {
  AttemptReport a;
  a.kind = in.get_enum(AttemptReport::Kind::ready);
  a.element = in.get<ElementId>();
  a.attempt = in.get<std::uint16_t>();
  a.start = in.get_time();
  a.end = in.get_time();
  a.cls = in.get_enum(graph::kLastFailureClass);
  a.exit = in.get<std::int32_t>();
  a.cpu_ms = in.get<std::uint64_t>();
  a.maxrss_kb = in.get<std::uint32_t>();
  a.read_bytes = in.get<std::uint64_t>();
  a.written_bytes = in.get<std::uint64_t>();
  a.reason = in.get<std::string>();
  a.measures = in.get<std::string>();
  a.values = in.get<std::string>();
  return a;
}

StartParty get_start(ByteReader& in) {
  StartParty start;
  start.element = in.get<ElementId>();
  start.party = in.get<std::uint32_t>();
  start.position = in.get<std::uint32_t>();
  start.members = in.get_all<Member>([&] { return get_member(in); });
  return start;
}

PartyWord get_word(ByteReader& in) {
  PartyWord word;
  word.element = in.get<ElementId>();
  word.attempt = in.get<std::uint16_t>();
  word.from = in.get<std::uint32_t>();
  word.to = in.get<std::uint32_t>();
  word.bytes = in.get<std::string>();
  return word;
}

ValueWord get_value_word(ByteReader& in) {
  ValueWord word;
  word.kind = in.get_enum(ValueWord::Kind::forget);
  word.element = in.get<ElementId>();
  word.who = in.get<WorkerId>();
  word.bytes = in.get<std::string>();
  return word;
}

[[noreturn]] void throw_damaged(const char* why) {
  throw EnvironmentError(
      fmt::format("a message between ranks can not be read ({}); do all nodes have the same version of fugle?", why));
}

Message get_message(ByteReader& in) {
  switch (in.get<std::uint8_t>()) {
    case 0: {
      Hello hello;
      hello.node = in.get<std::string>();
      hello.pid = in.get<std::uint32_t>();
      hello.cores = in.get<std::uint32_t>();
      hello.mem_bytes = in.get<std::uint64_t>();
      hello.gpus = in.get<std::uint32_t>();
      return hello;
    }
    case 1: {
      Grant grant;
      grant.report_interval = in.get_duration();
      grant.last_end = in.get_time();
      grant.run_state = in.get<std::string>();
      using Entry = std::pair<TaskId, std::shared_ptr<const graph::Task>>;
      grant.tasks = in.get_all<Entry>([&] {
        const auto id = in.get<TaskId>();
        return Entry{id, std::make_shared<const graph::Task>(graph::decode_task(in.get<std::string>()))};
      });
      grant.elements = in.get_all<LeasedElement>([&] { return get_leased(in); });
      return grant;
    }
    case 2: return Revoke{get_elements(in)};
    case 3: return StopAttempts{get_elements(in)};
    case 4: return Shutdown{};
    case 5: {
      Report report;
      report.attempts = in.get_all<AttemptReport>([&] { return get_attempt(in); });
      report.returned = get_elements(in);
      report.goodbye = in.get<bool>();
      return report;
    }
    case 6: return Release{get_elements(in)};
    case 7: {
      SignalAttempts signal;
      signal.elements = get_elements(in);
      signal.signal = in.get<std::int32_t>();
      return signal;
    }
    case 8: return Tenure{in.get_time()};
    case 9: {
      Placed placed;
      placed.element = in.get<ElementId>();
      placed.party = in.get<std::uint32_t>();
      placed.place = get_place(in);
      return placed;
    }
    case 10: return get_start(in);
    case 11: {
      EndParty end;
      end.element = in.get<ElementId>();
      end.party = in.get<std::uint32_t>();
      return end;
    }
    case 12: return CarryWord{get_word(in)};
    case 13: return get_word(in);
    case 14: return CarryValue{get_value_word(in)};
    case 15: return get_value_word(in);
    default: throw_damaged("it is of no known kind");
  }
}

}  // namespace

std::string encode(const Message& message) {
  ByteWriter out;
  out.put(static_cast<std::uint8_t>(message.index()));
  std::visit(Encoder{out}, message);
  return out.take();
}

Message decode(std::string_view bytes) {
  ByteReader in(bytes);
  Message message = get_message(in);
  if (in.failed() || !in.at_end()) throw_damaged("it has the wrong length");
  return message;
}

}  // namespace fugle::scheduler
