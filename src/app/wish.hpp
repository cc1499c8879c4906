// What `fugle hold` and `fugle release` share: a wish about one element, dropped for the head, and whether it came
// true. Where no head runs the wish waits in the run directory for the next one.
#pragma once

#include <string>

#include "app/command_table.hpp"

namespace fugle::app {

struct WishVerb {
  std::string name;  ///< also the name of the command to the head
  std::string summary;
};

[[nodiscard]] int wish_verb(const WishVerb& verb, const Args& args);

}  // namespace fugle::app
