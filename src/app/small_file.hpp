// Small text files that are whole or not there: written beside their place, synced, and renamed into it.
#pragma once

#include <string>

namespace fugle::app {

/// With the rights of its directory. Throws EnvironmentError.
void write_small_file(const std::string& path, const std::string& text);

}  // namespace fugle::app
