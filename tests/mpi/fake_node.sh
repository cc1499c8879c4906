#!/bin/bash
# Several nodes on one host, for mpirun --mca plm_rsh_agent: instead of logging in to HOST, starts its daemon here under
# a host name of its own, so that MPI sees another node. Usage: fake_node.sh [OPTIONS] HOST COMMAND...
while [[ "$1" == -* ]]; do shift; done
host=$1
shift
exec unshare -Ur --uts bash -c "hostname $host; $*"
