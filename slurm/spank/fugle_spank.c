/* A SPANK plugin (spank(8)): sbatch, salloc and srun --fugle=FILE. Which hook is called where:
 *
 *   sbatch, salloc  ALLOCATOR  init, init_post_opt
 *   srun            LOCAL      init, init_post_opt
 *   slurmstepd      REMOTE     init (root), task_init (the user, before the program's exec)
 *
 * An error in init of slurmstepd would drain the node: there it is told and the job goes on without us.
 */
#include "fugle_spank.h"

#include <slurm/slurm_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slurm refuses a plugin of another major release by this number; built for a test as if for another one. */
#ifdef FUGLE_SPANK_AS_IF_FOR
#undef SLURM_VERSION_NUMBER
#define SLURM_VERSION_NUMBER FUGLE_SPANK_AS_IF_FOR
#endif

#define EXPORTED __attribute__((visibility("default")))

EXPORTED extern const char plugin_name[];
EXPORTED extern const char plugin_type[];
EXPORTED extern const unsigned int plugin_version;
EXPORTED extern const unsigned int spank_plugin_version;
const char plugin_name[] = "fugle";
const char plugin_type[] = "spank";
const unsigned int plugin_version = SLURM_VERSION_NUMBER;
const unsigned int spank_plugin_version = 1;

/* That of its libraries, which Slurm does not compare: headers of one release and daemons of another. */
static bool is_our_release(spank_t spank) {
  char* major = NULL;
  char* minor = NULL;
  char running[32];
  char built[32];
  if (spank_get_item(spank, S_SLURM_VERSION_MAJOR, &major) != ESPANK_SUCCESS ||
      spank_get_item(spank, S_SLURM_VERSION_MINOR, &minor) != ESPANK_SUCCESS)
    return true;
  snprintf(running, sizeof running, "%s.%s", major, minor);
  snprintf(built, sizeof built, "%d.%02d", SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
           SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER));
  if (strcmp(running, built) == 0) return true;
  slurm_error("fugle: this plugin was built for Slurm %s and Slurm is %s: no option --fugle; build it anew", built,
              running);
  return false;
}

static bool is_submission(void) {
  const spank_context_t context = spank_context();
  return context == S_CTX_ALLOCATOR || context == S_CTX_LOCAL;
}

EXPORTED int slurm_spank_init(spank_t spank, int num_arguments, char* arguments[]) {
  if (!is_submission() && spank_context() != S_CTX_REMOTE) return 0;
  if (!is_our_release(spank)) return 0;
  if (read_plugin_arguments(num_arguments, arguments) != 0) return is_submission() ? -1 : 0;
  if (register_option(spank) != 0) return is_submission() ? -1 : 0;
  return spank_context() == S_CTX_ALLOCATOR ? prepare_submission() : 0;
}

EXPORTED int slurm_spank_init_post_opt(spank_t spank, int num_arguments, char* arguments[]) {
  (void)spank, (void)num_arguments, (void)arguments;
  if (!is_submission() || !option_is_given()) return 0;
  /* The file of a step was checked with its job. */
  const bool is_step = spank_context() == S_CTX_LOCAL && getenv("SLURM_JOB_ID") != NULL;
  return is_step ? 0 : check_submission();
}

EXPORTED int slurm_spank_task_init(spank_t spank, int num_arguments, char* arguments[]) {
  (void)num_arguments, (void)arguments;
  take_option_of_environment(spank);
  return option_is_given() ? prepare_task(spank) : 0;
}
