#include "executor/file_system.hpp"

#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace fugle::executor {
namespace {

/// f_type, from linux/magic.h and the sources of those that are not part of the kernel.
constexpr std::array kNetworkTypes = std::to_array<std::uint32_t>({
    0x00006969,  // NFS
    0x0BD00BD0,  // Lustre
    0x47504653,  // GPFS
    0x19830326,  // BeeGFS
    0x0000517B,  // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB 2
    0x00C36400,  // Ceph
    0x65735546,  // FUSE: sshfs, GlusterFS and others
    0x01021997,  // 9P
    0x5346414F,  // AFS
    0x20030528,  // OrangeFS
    0xAAD7AAEA,  // PanFS
    0x01161970,  // GFS2
    0x7461636F,  // OCFS2
});

}  // namespace

bool is_on_network(const std::string& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) return false;
  return std::ranges::find(kNetworkTypes, static_cast<std::uint32_t>(status.f_type)) != kNetworkTypes.end();
}

}  // namespace fugle::executor
