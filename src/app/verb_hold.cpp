// fugle hold [RUN] E: keeps an element from starting until it is released.
#include "app/wish.hpp"

namespace fugle::app {

int hold_verb(const Args& args) {
  return wish_verb({"hold", "Keeps an element from starting, until 'fugle release'. What runs already goes on."}, args);
}

}  // namespace fugle::app
