// What a call of sbatch says, word by word: its command line, its environment, the #SBATCH lines of its script, as
// sbatch reads them (src/sbatch/opt.c does it with getopt_long(3); what is not written down was tried with 22.05).
// Values are texts here; sbatch_job.hpp judges them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workflow/diagnostic.hpp"
#include "workflow/sbatch_table.hpp"

namespace fugle::workflow {

struct SbatchSetting {
  const SbatchOption* option = nullptr;
  std::string value;  ///< empty where none was given
  Position at;        ///< in the script; line 0: of the command line or the environment
};

struct SbatchWords {
  std::vector<SbatchSetting> settings;
  std::vector<std::string> operands;  ///< the script and its arguments
};

/// The words after "sbatch". Options end at the first word that is none, or at "--". E502; E501 for the components of a
/// heterogeneous job.
[[nodiscard]] SbatchWords read_sbatch_words(const std::vector<std::string>& words, Diagnostics& diagnostics);

/// The #SBATCH lines up to the first command. A blank line, a comment (also "##SBATCH", " #SBATCH") is passed over; an
/// unquoted '#' ends a line, even inside a word; quotes and backslashes are as in a shell. E502, E501.
[[nodiscard]] std::vector<SbatchSetting> read_directives(std::string_view script, Diagnostics& diagnostics);

/// What variables such as SBATCH_PARTITION say.
[[nodiscard]] std::vector<SbatchSetting> read_sbatch_variables(
    const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace fugle::workflow
