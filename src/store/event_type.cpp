#include "store/event_type.hpp"

#include <array>
#include <cstddef>

#include "store/row.hpp"

namespace fugle::store {

hdf5::Handle event_row_type() {
  const std::array fields{
      hdf5::Field{"seq", offsetof(Row, seq), hdf5::type_of<std::uint64_t>()},
      hdf5::Field{"start_ns", offsetof(Row, start_ns), hdf5::type_of<std::int64_t>()},
      hdf5::Field{"end_ns", offsetof(Row, end_ns), hdf5::type_of<std::int64_t>()},
      hdf5::Field{"element", offsetof(Row, element), hdf5::type_of<std::uint32_t>()},
      hdf5::Field{"worker", offsetof(Row, worker), hdf5::type_of<std::uint32_t>()},
      hdf5::Field{"exit", offsetof(Row, exit), hdf5::type_of<std::int32_t>()},
      hdf5::Field{"lag", offsetof(Row, lag), hdf5::type_of<std::uint32_t>()},
      hdf5::Field{"maxrss_kb", offsetof(Row, maxrss_kb), hdf5::type_of<std::uint32_t>()},
      hdf5::Field{"cpu_ms", offsetof(Row, cpu_ms), hdf5::type_of<std::uint32_t>()},
      hdf5::Field{"text_off", offsetof(Row, text_off), hdf5::type_of<std::uint32_t>()},
      hdf5::Field{"text_len", offsetof(Row, text_len), hdf5::type_of<std::uint16_t>()},
      hdf5::Field{"attempt", offsetof(Row, attempt), hdf5::type_of<std::uint16_t>()},
      hdf5::Field{"kind", offsetof(Row, kind), hdf5::type_of<std::uint8_t>()},
      hdf5::Field{"flags", offsetof(Row, flags), hdf5::type_of<std::uint8_t>()},
      hdf5::Field{"io", offsetof(Row, io), hdf5::type_of<std::uint16_t>()},
      hdf5::Field{"crc", offsetof(Row, crc), hdf5::type_of<std::uint32_t>()},
  };
  return hdf5::compound_type(sizeof(Row), fields);
}

}  // namespace fugle::store
