/* SPDX-License-Identifier: MIT */
/* The macros that name the target among Apple's systems. With the double on Linux it is macOS. */
#ifndef GY_APPLE_TARGETCONDITIONALS_H
#define GY_APPLE_TARGETCONDITIONALS_H

#ifdef __ENVIRONMENT_IPHONE_OS_VERSION_MIN_REQUIRED__
#define TARGET_OS_OSX 0
#define TARGET_OS_IPHONE 1
#else
#define TARGET_OS_OSX 1
#define TARGET_OS_IPHONE 0
#endif

#define TARGET_OS_MAC 1
#define TARGET_OS_IOS TARGET_OS_IPHONE
#define TARGET_OS_WATCH 0
#define TARGET_OS_TV 0
#define TARGET_OS_SIMULATOR 0
#define TARGET_OS_EMBEDDED TARGET_OS_IPHONE
#define TARGET_OS_MACCATALYST 0
#define TARGET_OS_DRIVERKIT 0
#define TARGET_OS_WIN32 0
#define TARGET_OS_WINDOWS 0
#define TARGET_OS_UNIX 0
#define TARGET_OS_LINUX 0

#if defined(__arm64__) || defined(__aarch64__)
#define TARGET_CPU_ARM64 1
#define TARGET_CPU_X86_64 0
#else
#define TARGET_CPU_ARM64 0
#define TARGET_CPU_X86_64 1
#endif
#define TARGET_CPU_ARM 0
#define TARGET_CPU_X86 0
#define TARGET_CPU_PPC 0
#define TARGET_CPU_PPC64 0
#define TARGET_RT_LITTLE_ENDIAN 1
#define TARGET_RT_BIG_ENDIAN 0
#define TARGET_RT_64_BIT 1
#define TARGET_RT_MAC_CFM 0
#define TARGET_RT_MAC_MACHO 1

#endif
