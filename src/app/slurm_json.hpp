// What a run asks Slurm for, as run.json has it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "workflow/slurm_request.hpp"

namespace fugle::app {

[[nodiscard]] nlohmann::ordered_json slurm_json(const workflow::SlurmRequest& request);
/// What is absent, of another type or out of range is as in SlurmRequest{}: a person may have edited the file.
[[nodiscard]] workflow::SlurmRequest slurm_request_from(const nlohmann::ordered_json& json);

}  // namespace fugle::app
