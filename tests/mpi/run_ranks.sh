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
exec 3< <(exec timeout --kill-after=5 100 mpirun --enable-recovery --bind-to none --oversubscribe \
  --mca mpi_yield_when_idle 1 --mca odls_base_sigkill_timeout 0 --mca pml ob1 "${options[@]}" -n "$ranks" "$@" 2>&1)
mpirun=$!
passed=0
failed=0
while read -r -u 3 line; do
  echo "$line"
  [[ "$line" =~ ^rank\ [0-9]+\ passed ]] && ((++passed))
  [[ "$line" =~ ^rank\ [0-9]+\ failed ]] && ((++failed))
  ((passed + failed == survivors)) && break
done
if [[ $survivors -lt $ranks && "${options[*]}" == *plm_rsh_agent* ]]; then
  # After a death on another node mpirun waits for ever, though all ranks have left.
  sleep 1
  kill -TERM "$mpirun"
fi
cat <&3
echo "$passed of $survivors expected ranks passed, $failed failed"
[[ $passed -eq $survivors && $failed -eq 0 ]]
