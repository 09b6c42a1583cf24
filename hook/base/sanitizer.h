/* sanitizer.h - is this compiled for AddressSanitizer? gcc and clang have their own ways to say so. */
#ifndef REFGATE_BASE_SANITIZER_H
#define REFGATE_BASE_SANITIZER_H

#if defined __SANITIZE_ADDRESS__
#define UNDER_SANITIZER 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

#endif
