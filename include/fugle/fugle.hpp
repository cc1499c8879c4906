// All of the C++ API but fugle/mpi.hpp, which needs MPI, and fugle/calls.hpp. In thirty lines:
//
//   int main(int argc, char** argv) {
//     fugle::Workflow wf("squares");
//     auto squares = wf.map("square", [](int i) { return i * i; }, fugle::over({1, 2, 3}));
//     auto sum = wf.function("sum", [](std::vector<int> all) { ... }, squares);
//     wf.command("report", {"./report", "${{ outputs.table }}"}).output("table", "table.txt").needs(sum);
//     return fugle::run(wf, argc, argv);
//   }
#pragma once

#include <fugle/context.hpp>
#include <fugle/run.hpp>
#include <fugle/version.hpp>
#include <fugle/workflow.hpp>
