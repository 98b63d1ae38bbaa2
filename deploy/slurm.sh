#!/bin/bash
# Training on two machines under Slurm, which runs this file on the first of them:
#
#   sbatch deploy/slurm.sh
#
# To change: the lines that begin with #SBATCH, OUT, and the words after `videoqa-train`. All machines must see
# this folder and the home folder. A job whose time is over, or that is preempted, saves where it is, goes back
# into the queue and goes on from there.
#SBATCH --job-name=videoqa
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=videoqa-%j.log
# with GPUs, one worker per machine uses all that it is given:
##SBATCH --gpus-per-task=1

OUT=${OUT:-runs/mine}
resume=()
if [ -n "$(ls "$OUT/checkpoints" 2>/dev/null)" ]; then
    resume=(--resume)
fi

srun --kill-on-bad-exit=0 videoqa-train --data my.csv --videos clips/ --out "$OUT" --strategy multiworker "${resume[@]}"
code=$?

if [ "$code" -eq 143 ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
