#!/bin/sh
# What the image runs: latecomer, with the arguments given. When these are a Spark driver's, as the Spark operator and
# spark-submit give them to a driver's container, it is the late-data job of a SparkApplication that is meant: the
# options for Spark and the jar are passed over, and the job's own arguments go to `latecomer configure-backfill`.
set -eu

if [ "${1:-}" != driver ]; then
  if [ "${1:-}" = executor ]; then
    echo 'latecomer: this image has no Spark executor; its driver, which is latecomer, asks for none' >&2
    exit 2
  fi
  exec latecomer "$@"
fi
shift

while [ $# -gt 0 ]; do
  case $1 in
    --verbose | --supervise | --*=*) shift ;;
    --*)
      if [ $# -lt 2 ]; then
        echo "latecomer: $1 among the driver's arguments has no value" >&2
        exit 2
      fi
      shift 2
      ;;
    *) break ;;
  esac
done
if [ $# -eq 0 ]; then
  echo "latecomer: the driver's arguments name no application file" >&2
  exit 2
fi
shift # the jar

# The option has had two names.
is_job=''
for argument in "$@"; do
  shift
  case $argument in
    --currentPartition | --currentPartition=*) is_job=1 ;;
    --lateDataConfigurationFileName) argument=--outputBackfillingFileName ;;
    --lateDataConfigurationFileName=*) argument=--outputBackfillingFileName=${argument#*=} ;;
  esac
  set -- "$@" "$argument"
done
if [ -z "$is_job" ]; then
  echo 'latecomer: these are not the arguments of the job that finds late partitions (--currentPartition is missing)' >&2
  exit 2
fi
exec latecomer configure-backfill "$@"
