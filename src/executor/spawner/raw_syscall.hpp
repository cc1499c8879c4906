// System calls that leave errno alone. A child that shares our memory between clone and exec shares errno with us too,
// and runs beside us: one failing libc call in it would spoil ours. Where the processor is not known here the child is
// made by CLONE_VFORK instead (see child.cpp), and libc may be used.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace fugle::spawner {

#if defined(__x86_64__)

inline constexpr bool kRunsBesideChild = true;

/// The result, or minus the errno.
inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  long result = number;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

inline constexpr bool kRunsBesideChild = true;

inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}

#else

inline constexpr bool kRunsBesideChild = false;

inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  const long result = syscall(number, a, b, c, d, e);
  return result < 0 ? -errno : result;
}

#endif

}  // namespace fugle::spawner
