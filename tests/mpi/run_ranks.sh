#!/bin/bash
# Runs PROGRAM on RANKS ranks and succeeds when SURVIVORS of them say that they passed and none that it failed.
# Usage: run_ranks.sh RANKS SURVIVORS [MPIRUN_OPTION...] -- PROGRAM [ARGUMENT...]
ranks=$1
survivors=$2
shift 2
options=()
while [[ "$1" != -- ]]; do
  options+=("$1")
  shift
done
shift
if [[ "${options[*]}" == *plm_rsh_agent* ]] && ! unshare -Ur --uts true 2>/dev/null; then
  echo "SKIPPED: no user namespaces here"
  exit 77
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
output=$(timeout --kill-after=5 100 mpirun --enable-recovery --bind-to none --oversubscribe \
  --mca mpi_yield_when_idle 1 --mca odls_base_sigkill_timeout 0 --mca pml ob1 "${options[@]}" -n "$ranks" "$@" 2>&1)
echo "$output"
passed=$(grep -c '^rank [0-9]* passed' <<<"$output")
failed=$(grep -c '^rank [0-9]* failed' <<<"$output")
echo "$passed of $survivors expected ranks passed, $failed failed"
[[ $passed -eq $survivors && $failed -eq 0 ]]
