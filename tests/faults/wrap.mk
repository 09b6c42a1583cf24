# What the fault test's hook has wrapped; tests/faults/wrap.c and wrap_git.c hold the wrappers.
FAULT_CALLS = \
    malloc calloc realloc strdup strndup mmap mmap64 madvise \
    open open64 openat openat64 __open_2 __open64_2 opendir fdopendir \
    read pread pread64 __read_chk __pread_chk __pread64_chk readdir readdir64 readlink \
    __readlink_chk poll lseek lseek64 \
    stat lstat fstat stat64 lstat64 fstat64 fstatat access getcwd __getcwd_chk realpath \
    __realpath_chk \
    write pwrite fsync fdatasync ftruncate close rename renameat linkat unlink unlinkat mkdir fchmod \
    flock nanosleep fcntl socket connect send getrandom \
    getrlimit setrlimit sigaltstack sigaction sigprocmask setitimer uname setenv localtime_r \
    clock_gettime \
    git_libgit2_init git_odb_new git_odb_open git_odb_add_disk_alternate git_odb_read \
    git_odb_read_header git_odb_exists_ext git_repository_open_ext git_reference_lookup \
    git_reference_iterator_new git_reference_next \
    main
