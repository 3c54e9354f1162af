#!/bin/bash
# A campaign of the stress suites as a Slurm array: sbatch docs/campaigns/slurm.sh
#
# The array's size and SHARDS are one number: task 0 is the first of so many shards. A task that is
# started again, and `sbatch --array=3 …` later on, play the same shard again.
#SBATCH --job-name=mangrove-stress
#SBATCH --array=0-7
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --output=%x-%A-%a.out
set -u

# What is wanted of the whole campaign: the same in all its tasks.
CAMPAIGN=${CAMPAIGN:-"--matrix --seed 1 --count 8000 --max-fail 20"}
SHARDS=${SHARDS:-8}
# A folder that all nodes see. Reports are named by the array's id and the index in it.
REPORTS=${REPORTS:-reports}

# The exit code says little: accounting shows 134 as signal 6, and a task may be killed after
# all its work. What counts is the report, which is there as a whole or not at all.
# shellcheck disable=SC2086 # CAMPAIGN is several words.
exec "${MANGROVE:-mangrove}" stress $CAMPAIGN \
    --jobs "${SLURM_CPUS_PER_TASK:-1}" --shard "auto/$SHARDS" --report "json=$REPORTS/"
