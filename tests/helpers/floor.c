/* floor - a program that does nothing: what starting any program costs (tests/bench). With FILTER it first
 * has the kernel take a seccomp filter of one instruction: what any sandbox of that kind costs. */
#ifdef FILTER
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

int main(void)
{
#ifdef FILTER
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
#else
    return 0;
#endif
}
