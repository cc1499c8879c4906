#!/bin/bash
#SBATCH --job-name=square
#SBATCH --time=10 --mem=100M
number=$(sed -n "${SLURM_ARRAY_TASK_ID}p" results/numbers)
echo "element $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT on $SLURMD_NODENAME"
echo $((number * number)) > "results/square_$SLURM_ARRAY_TASK_ID"
