// Working directories that belong to one element (FORMAT.md, `workdir: per_element`, or a path that differs between
// elements) are made when it starts; one that many elements share has to be there.
#pragma once

#include "graph/element_text.hpp"

namespace fugle::executor {

/// Where it can not be made, entering it says why.
void make_own_workdir(const graph::Task& task, const graph::ElementText& text);

}  // namespace fugle::executor
