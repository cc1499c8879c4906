// Reads what surrounds a command: `modules`, `container`, `log`, `ok_exit_codes`.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "workflow/fields.hpp"

namespace fugle::workflow {

/// A list of texts, or one: each becomes a line. `expected`: what E104 says of other items.
void read_lines(const Reading& reading, const Entry& entry, std::string_view expected, Field<std::string>& into);
/// An image, or a map.
void read_container(const Reading& reading, const Entry& entry, const Where& where, Boxed<ContainerKeys>& into);
/// Codes and ranges of them, 0 to 255; E112.
void read_ok_exit_codes(const Reading& reading, const Entry& entry, std::vector<std::pair<int, int>>& into);
/// E105, E113.
void check_surroundings(const Reading& reading, const TaskNode& task);

}  // namespace fugle::workflow
