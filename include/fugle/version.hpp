// The version of the headers.
#pragma once

#define FUGLE_VERSION_MAJOR 0
#define FUGLE_VERSION_MINOR 1
#define FUGLE_VERSION_PATCH 0
