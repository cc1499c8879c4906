// How far a service is that runs, for those who show it.
#pragma once

#include <cstdint>

#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

/// The value is stored in live.h5: never renumber.
enum class ServicePhase : std::uint8_t { none = 0, starting = 1, ready = 2 };  ///< none: it is no service

[[nodiscard]] inline ServicePhase service_phase(const RunState& run, ElementId e) {
  if (!run.services().is_service(e)) return ServicePhase::none;
  return run.is_ready_service(e) ? ServicePhase::ready : ServicePhase::starting;
}

/// "" for what is no service.
[[nodiscard]] inline const char* name_of(ServicePhase phase) {
  switch (phase) {
    case ServicePhase::none: break;
    case ServicePhase::starting: return "starting";
    case ServicePhase::ready: return "ready";
  }
  return "";
}

}  // namespace fugle::scheduler
