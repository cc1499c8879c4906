// fugle release [RUN] E: lets a held element start again.
#include "app/wish.hpp"

namespace fugle::app {

int release_verb(const Args& args) {
  return wish_verb({"release", "Lets an element that was held start again."}, args);
}

}  // namespace fugle::app
