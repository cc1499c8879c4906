// MPI attempts over several nodes.
#include <gtest/gtest.h>
