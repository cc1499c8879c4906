#!/bin/bash
# Three jobs, the second an array; each waits for the one before.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p results
prepare=$(sbatch --parsable prepare.sh 6)
square=$(sbatch --parsable --dependency="afterok:$prepare" --array=1-6%4 square.sh)
sbatch --dependency="afterok:$square" sum.sh
