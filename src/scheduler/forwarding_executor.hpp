// An Executor around another one, to which it gives all that it does not do itself: what a decorator is made from.
#pragma once

#include "scheduler/ports.hpp"

namespace fugle::scheduler {

class ForwardingExecutor : public Executor {
 public:
  void start(const Launch& launch) override { inner().start(launch); }
  void start_after(const Launch& launch, ElementId predecessor) override { inner().start_after(launch, predecessor); }
  void start_now(ElementId element) override { inner().start_now(element); }
  void stop(ElementId element, StopReason reason) override { inner().stop(element, reason); }
  void signal(ElementId element, int signal) override { inner().signal(element, signal); }
  void poll(std::vector<AttemptReport>& reports) override { inner().poll(reports); }
  void host(const Launch& launch) override { inner().host(launch); }
  void dismiss(ElementId element) override { inner().dismiss(element); }
  void hear(const PartyWord& word) override { inner().hear(word); }
  void poll_words(std::vector<PartyWord>& words) override { inner().poll_words(words); }
  void hear_value(const ValueWord& word) override { inner().hear_value(word); }
  void poll_value_words(std::vector<ValueWord>& words) override { inner().poll_value_words(words); }

 private:
  [[nodiscard]] virtual Executor& inner() = 0;
};

}  // namespace fugle::scheduler
