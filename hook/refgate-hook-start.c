/*
 * refgate-hook-start.c - the hook's first instructions: have its memory mapped in a few large steps.
 *
 * A program that has just been started owns no page: each first touch of 4 KiB of data and of 64 KiB
 * of code is a page fault. On a virtual machine one costs about 10 microseconds, and the hook has
 * some thirty of them that a program of two lines has not; a static PIE alone writes to all of its
 * pointers before main(). Three madvise() calls replace them, which is a fifth of the time that the
 * whole process takes (performance.md measures against a program that does nothing). They come
 * before libc relocates the program, so they cannot be C: nothing may be called yet, and the stack
 * and %rdx must reach libc's _start as the kernel left them (System V ABI, "Process Initialization").
 *
 * MADV_POPULATE_READ and _WRITE exist since Linux 5.14. Older kernels say EINVAL, and then all is as
 * it would be without this file; errors are not looked at.
 *
 * refgate_hot_end comes from refgate-hook.ld, which gathers the code that each start needs.
 */
#ifdef __x86_64__
__asm__(".pushsection .text.refgate_start,\"ax\",@progbits\n"
        ".globl refgate_start\n"
        ".type refgate_start,@function\n"
        "refgate_start:\n"
        "    mov %rdx,%r12\n"
        /* Everything that is written to: data, relocated pointers, bss. */
        "    lea __init_array_start(%rip),%rdi\n"
        "    and $-4096,%rdi\n"
        "    lea _end(%rip),%rsi\n"
        "    sub %rdi,%rsi\n"
        "    mov $23,%edx\n" /* MADV_POPULATE_WRITE */
        "    mov $28,%eax\n" /* madvise */
        "    syscall\n"
        /* The file's header, relocations and the code that each start needs. */
        "    lea __ehdr_start(%rip),%rdi\n"
        "    lea refgate_hot_end(%rip),%rsi\n"
        "    sub %rdi,%rsi\n"
        "    mov $22,%edx\n" /* MADV_POPULATE_READ */
        "    mov $28,%eax\n"
        "    syscall\n"
        /* Constants. */
        "    lea etext+4095(%rip),%rdi\n"
        "    and $-4096,%rdi\n"
        "    lea __GNU_EH_FRAME_HDR(%rip),%rsi\n"
        "    sub %rdi,%rsi\n"
        "    mov $22,%edx\n"
        "    mov $28,%eax\n"
        "    syscall\n"
        /* 32 KiB of stack, of which a decision uses 20; the kernel maps at least 128 KiB for a
         * new program. */
        "    lea -32768(%rsp),%rdi\n"
        "    and $-4096,%rdi\n"
        "    mov $32768,%esi\n"
        "    mov $23,%edx\n"
        "    mov $28,%eax\n"
        "    syscall\n"
        "    mov %r12,%rdx\n"
        "    jmp _start\n"
        ".size refgate_start, . - refgate_start\n"
        ".popsection\n");

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP_AT_START (132 * 1024) /* what malloc() takes from the kernel first: M_TOP_PAD */

/* The same for the heap, which libc's own start has made by now. */
__attribute__((constructor)) static void heap_populate(void)
{
    uintptr_t end = (uintptr_t)sbrk(0) & ~(uintptr_t)4095;
    (void)madvise((void *)(end - HEAP_AT_START), HEAP_AT_START, 23 /* MADV_POPULATE_WRITE */);
}
#endif
