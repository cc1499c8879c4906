// A journal row as HDF5 sees it: the compound type of the dataset `events`, in segments and in run.h5.
#pragma once

#include "store/hdf5.hpp"

namespace fugle::store {

/// Within a hdf5::Session.
[[nodiscard]] hdf5::Handle event_row_type();

}  // namespace fugle::store
