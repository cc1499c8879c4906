#!/bin/bash
#SBATCH --job-name=prepare
#SBATCH --time=5
seq "$1" > results/numbers
