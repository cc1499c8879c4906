// Parties: the attempts of several workers that have been granted, and how far each part of them is. The first part is
// that of the leader, which alone knows how the attempt goes and whose attempt it is in the journal. Knows nothing of
// messages or resources; Head and Granter keep it (head_parties.cpp).
//
// A party gathers until each worker has its place, then it runs, and is over when the parts of all have ended or been
// lost with their workers: no part of an attempt is left when its end is recorded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "scheduler/attempt.hpp"

namespace fugle::scheduler {

struct PartyPart {
  WorkerId worker;
  std::optional<Place> place;  ///< none: it still waits for it
  bool is_over = false;        ///< ended, or its worker was lost
};

struct Party {
  ElementId element;
  std::uint32_t number = 0;
  std::uint16_t attempt = 0;
  std::vector<PartyPart> parts;  ///< that of the leader first
  bool has_started = false;
  bool are_dismissed = false;        ///< the others were told that the leader's part is over
  bool is_leader_stopped = false;    ///< because of `trouble`
  std::optional<AttemptReport> end;  ///< of the leader's part
  /// What went wrong first with another part, or with the worker of any.
  FailureClass trouble = FailureClass::none;
  std::string what_went_wrong{};
  WorkerId where{};
  AttemptReport sums{};  ///< of what all parts used

  [[nodiscard]] WorkerId leader() const { return parts.front().worker; }
  [[nodiscard]] PartyPart* part_of(WorkerId worker);
  [[nodiscard]] bool has_all_places() const;
  [[nodiscard]] bool is_over() const;
  void note_trouble(FailureClass cls, std::string what, WorkerId where);
  /// The part of one worker has ended so.
  void note_end(PartyPart& part, const AttemptReport& report);
  /// How the whole attempt ended, of a party that is over and whose leader told its end. The leader's class counts.
  /// Where that is none a failure of another part does; where another part failed for a reason of ours, or the leader
  /// was stopped because of it, that does.
  [[nodiscard]] AttemptReport outcome() const;
};

class PartyBook {
 public:
  /// Gathers from now on. `workers`: the leader first, at least two.
  Party& add(ElementId element, std::uint16_t attempt, const std::vector<WorkerId>& workers);
  /// Null: the element has no party. Valid until something is added or taken.
  [[nodiscard]] Party* find(ElementId element);
  [[nodiscard]] bool has(ElementId element) const { return parties_.contains(element); }
  Party take(ElementId element);
  [[nodiscard]] bool is_empty() const { return parties_.empty(); }
  /// Those with a part on the worker that is not over, by element.
  [[nodiscard]] std::vector<ElementId> with_part_on(WorkerId worker) const;
  [[nodiscard]] const std::map<ElementId, Party>& all() const { return parties_; }

 private:
  std::map<ElementId, Party> parties_;
  std::uint32_t last_number_ = 0;
};

}  // namespace fugle::scheduler
