#!/bin/bash
#SBATCH --job-name=sum --time=5
#SBATCH --output=results/sum_%j.txt
awk '{ sum += $1 } END { print sum }' results/square_*
