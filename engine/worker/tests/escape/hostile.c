/* A plugin that tries to get out. Its configuration says when and what: "open read_file".
 * Every attempt is harmless should it succeed: signals are 0, paths are not there, clocks null. */
#define _GNU_SOURCE
#include "tanda_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

struct tanda_instance {
  char probe[64];
};

static char buffer[4096];
static int kept = -1; /* a declared file that stays open after the plugin is open */

static const char *in_folder(const char *name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", getenv("HOSTILE_FOLDER"), name);
  return path;
}

static const char *of_parent(const char *name) {
  static char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", getppid(), name);
  return path;
}

static long open_path(const char *path, int flags) {
  long fd = syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
  if (fd < 0) return fd;
  return syscall(SYS_read, fd, buffer, 16) < 0 ? -1 : fd;
}

static long reach_parent(long number) {
  struct iovec own = {buffer, 8};
  struct iovec other = {&own, 8};
  return syscall(number, getppid(), &own, 1, &other, 1, 0);
}

static long map(int protection, int flags, int fd, size_t bytes) {
  long address = syscall(SYS_mmap, NULL, bytes, protection, flags, fd, 0);
  return address == -1 ? -1 : 1;
}

static long make_executable(void) {
  static char page[8192];
  char *start = page + (4096 - (size_t)page % 4096) % 4096;
  return syscall(SYS_mprotect, start, 4096, PROT_READ | PROT_EXEC);
}

static long set_handler(int signal) {
  char action[152] = {0};
  return syscall(SYS_rt_sigaction, signal, action, NULL, 8);
}

static long block(int signal) {
  unsigned long set = 1ul << (signal - 1);
  return syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
}

static struct sockaddr_un to = {AF_UNIX, "\0tanda"};

static long send_to_abstract(void) {
  return syscall(SYS_sendto, 0, "x", 1, 0, &to, 8);
}

static long send_message(int fd, struct sockaddr_un *to) {
  struct iovec part = {"x", 1};
  struct msghdr message = {0};
  message.msg_name = to;
  message.msg_namelen = to ? 8 : 0;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return syscall(SYS_sendmsg, fd, &message, 0);
}

static long receive_elsewhere(void) {
  struct msghdr message = {0};
  return syscall(SYS_recvmsg, 2, &message, MSG_DONTWAIT);
}

static long raise_limit(void) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  return syscall(SYS_prlimit64, 0, RLIMIT_DATA, &limit, NULL);
}

static long set_limit(void) {
  struct rlimit limit = {1024, 1024};
  return syscall(SYS_setrlimit, RLIMIT_NOFILE, &limit);
}

static long limit_parent(void) {
  return syscall(SYS_prlimit64, getppid(), RLIMIT_AS, NULL, buffer);
}

static long run_shell(void) {
  char *arguments[] = {"/bin/sh", NULL};
  return syscall(SYS_execve, "/bin/sh", arguments, NULL);
}

/* Touches what it gets, 16 MiB at a time; gives the number of MiB that it got. */
static long allocate(void) {
  for (long got = 0; got < 10240; got += 16) {
    char *part = malloc(16 << 20);
    if (!part) return errno = ENOMEM, -1;
    for (long byte = 0; byte < 16 << 20; byte += 4096) ((volatile char *)part)[byte] = 1;
  }
  return 10240;
}

static long duplicate_all(void) {
  for (long count = 0; count < 100000; count++) {
    if (syscall(SYS_fcntl, 2, F_DUPFD_CLOEXEC, 0) < 0) return count <= 256 ? -1 : count;
  }
  return 100000;
}

static long overflow(volatile char *above) {
  volatile char frame[4096];
  frame[0] = above ? above[0] : 1;
  return frame[0] ? overflow(frame) + frame[0] : 0;
}

static long free_foreign(void) {
  char *volatile not_mine = buffer + 64;
  free(not_mine);
  return 0;
}

static long divide(volatile long by) { return getpid() / by; }

static long spin(void) {
  unsigned long all = ~0ul;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, 8);
  syscall(SYS_write, 2, "spins\n", 6);
  for (;;) {}
  return 0;
}

static long call_blocked(void) {
  block(SIGSYS);
  return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

/* A denied call beside an alternative stack that is too small for the handler. */
static long call_without_stack(void) {
  static char tiny[2048];
  stack_t stack = {tiny, 0, sizeof tiny};
  long status = syscall(SYS_sigaltstack, &stack, NULL);
  return status < 0 ? status : syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long call_x32(void) {
#ifdef __x86_64__
  return syscall(0x40000000 + SYS_getpid);
#else
  return syscall(-1);
#endif
}

/* getpid by the 32-bit table; the filter must not look at the number alone. */
static long call_int80(void) {
#ifdef __x86_64__
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
  return result;
#else
  return syscall(-1);
#endif
}

static long use_a_little(void) {
  char *text = malloc(1 << 20);
  if (!text) return -1;
  snprintf(text, 1 << 20, "%f", 1.5);
  free(text);
  struct timespec moment;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &moment);
  usleep(1);
  sched_yield();
  fprintf(stderr, "a line of %s\n", text ? "the log" : "");
  return 1;
}

#define PROBE(id, expression) if (strcmp(probe, #id) == 0) return (expression);
#define CALL(id, ...) PROBE(id, syscall(SYS_##id, __VA_ARGS__))

static long try_files(const char *probe) {
  PROBE(read_declared, open_path(in_folder("declared"), O_RDONLY))
  PROBE(read_file, open_path(in_folder("secret"), O_RDONLY))
  PROBE(read_kept, syscall(SYS_read, kept, buffer, 16))
  PROBE(map_kept, map(PROT_READ, MAP_PRIVATE, kept, 4096))
  PROBE(list_folder, open_path("/", O_RDONLY | O_DIRECTORY))
  PROBE(write_file, open_path(in_folder("secret"), O_WRONLY))
  PROBE(write_declared, open_path(in_folder("declared"), O_RDWR))
  PROBE(create_file, open_path(in_folder("new"), O_WRONLY | O_CREAT))
  PROBE(truncate_by_open, open_path(in_folder("secret"), O_RDONLY | O_TRUNC))
  PROBE(nameless_file, open_path(in_folder(""), O_TMPFILE | O_RDWR))
  PROBE(memory_of_parent, open_path(of_parent("mem"), O_RDONLY))
  PROBE(environment_of_parent, open_path(of_parent("environ"), O_RDONLY))
  PROBE(descriptor_of_parent, open_path(of_parent("fd/0"), O_RDONLY))
  PROBE(descriptor_again, open_path("/proc/self/fd/2", O_WRONLY))
  PROBE(sysctl, open_path("/proc/sys/kernel/core_pattern", O_WRONLY))
  PROBE(terminal, open_path("/dev/tty", O_RDWR))
  PROBE(openat2, syscall(SYS_openat2, AT_FDCWD, in_folder("secret"), buffer, 24))
  PROBE(status_of_path, syscall(SYS_newfstatat, AT_FDCWD, in_folder("secret"), buffer, 0))
  PROBE(statx_of_path, syscall(SYS_statx, AT_FDCWD, in_folder("secret"), 0, 0xfff, buffer))
  PROBE(access_of_path, syscall(SYS_faccessat, AT_FDCWD, in_folder("secret"), R_OK))
  PROBE(read_link, syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", buffer, 64))
  PROBE(working_folder, syscall(SYS_getcwd, buffer, sizeof buffer))
  CALL(truncate, in_folder("secret"), 0)
  CALL(ftruncate, 2, 0)
  CALL(fallocate, 2, 0, 0, 1)
  CALL(unlinkat, AT_FDCWD, in_folder("secret"), 0)
  CALL(linkat, AT_FDCWD, in_folder("secret"), AT_FDCWD, in_folder("secret"), 0)
  CALL(symlinkat, "/etc/passwd", AT_FDCWD, in_folder("link"))
  CALL(renameat2, AT_FDCWD, in_folder("secret"), AT_FDCWD, in_folder("secret"), 0)
  CALL(mkdirat, AT_FDCWD, in_folder("folder"), 0700)
  CALL(mknodat, AT_FDCWD, in_folder("device"), 0600 | 0020000, 0x103)
  CALL(fchmodat, AT_FDCWD, in_folder("secret"), 0777)
  CALL(fchmod, 2, 0777)
  CALL(fchownat, AT_FDCWD, in_folder("secret"), 1, 1, 0)
  CALL(utimensat, AT_FDCWD, in_folder("secret"), NULL, 0)
  CALL(setxattr, in_folder("secret"), "user.a", "b", 1, 0)
  CALL(name_to_handle_at, AT_FDCWD, in_folder("secret"), buffer, buffer, 0)
  CALL(open_by_handle_at, AT_FDCWD, buffer, O_RDONLY)
  CALL(chdir, "/")
  CALL(inotify_init1, 0)
  CALL(fanotify_init, 0, 0)
  CALL(pwrite64, 2, "x", 1, 0)
  CALL(copy_file_range, 0, NULL, 2, NULL, 1, 0)
  CALL(sendfile, 2, 0, NULL, 1)
  return -2;
}

static long try_network(const char *probe) {
  PROBE(tcp, syscall(SYS_socket, AF_INET, SOCK_STREAM, 0))
  PROBE(tcp6, syscall(SYS_socket, AF_INET6, SOCK_STREAM, 0))
  PROBE(mptcp, syscall(SYS_socket, AF_INET, SOCK_STREAM, 262))
  PROBE(udp, syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0))
  PROBE(unix_path, syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0))
  PROBE(netlink, syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0))
  PROBE(vsock, syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0))
  PROBE(raw_ip, syscall(SYS_socket, AF_INET, SOCK_RAW, 1))
  PROBE(packet, syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0))
  PROBE(abstract, send_to_abstract())
  PROBE(send_elsewhere, send_message(2, NULL))
  PROBE(abstract_by_message, send_message(0, &to))
  PROBE(receive_elsewhere, receive_elsewhere())
  CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, buffer)
  CALL(bind, 0, buffer, 16)
  CALL(connect, 0, buffer, 16)
  CALL(listen, 0, 1)
  CALL(accept4, 0, NULL, NULL, 0)
  CALL(setsockopt, 0, SOL_SOCKET, SO_RCVBUF, buffer, 4)
  return -2;
}

static long try_processes(const char *probe) {
  PROBE(execve, run_shell())
  PROBE(execve_nothing, syscall(SYS_execve, "/none", NULL, NULL))
  PROBE(execveat, syscall(SYS_execveat, AT_FDCWD, "/bin/sh", NULL, NULL, 0))
  PROBE(fork_by_clone, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
  PROBE(thread, syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, buffer + 4096, 0, 0, 0))
  PROBE(clone3, syscall(SYS_clone3, buffer, 64))
#ifdef __x86_64__
  CALL(fork, 0)
  PROBE(vfork, syscall(SYS_vfork))
#endif
  PROBE(ptrace_parent, syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0))
  PROBE(ptrace_me, syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0))
  PROBE(process_vm_readv, reach_parent(SYS_process_vm_readv))
  PROBE(process_vm_writev, reach_parent(SYS_process_vm_writev))
  PROBE(kill_parent, syscall(SYS_kill, getppid(), 0))
  PROBE(kill_all, syscall(SYS_kill, -1, 0))
  PROBE(tgkill_parent, syscall(SYS_tgkill, getppid(), getppid(), 0))
  PROBE(tkill_parent, syscall(SYS_tkill, getppid(), 0))
  PROBE(queue_to_parent, syscall(SYS_rt_sigqueueinfo, getppid(), 0, buffer))
  CALL(pidfd_open, getppid(), 0)
  CALL(pidfd_send_signal, 0, SIGKILL, NULL, 0)
  CALL(pidfd_getfd, 0, 0, 0)
  CALL(process_madvise, 0, buffer, 1, MADV_COLD, 0)
  CALL(wait4, -1, NULL, 1, NULL)
  CALL(setns, 0, 0)
  CALL(unshare, CLONE_NEWUSER | CLONE_NEWNET)
  CALL(setsid, 0)
  CALL(setpriority, 0, 0, -20)
  CALL(sched_setaffinity, 0, 8, buffer)
  CALL(sched_setscheduler, 0, SCHED_FIFO, buffer)
  PROBE(raise_limit, raise_limit())
  PROBE(set_limit, set_limit())
  PROBE(limit_of_parent, limit_parent())
  return -2;
}

static long try_memory(const char *probe) {
  const int own = MAP_PRIVATE | MAP_ANONYMOUS, usable = PROT_READ | PROT_WRITE;
  PROBE(map_code, map(PROT_READ | PROT_EXEC, own, -1, 4096))
  PROBE(map_file_code, map(usable | PROT_EXEC, MAP_PRIVATE, 0, 4096))
  PROBE(make_code, make_executable())
  PROBE(map_uncounted, map(usable, MAP_SHARED | MAP_ANONYMOUS, -1, 1ul << 33))
  PROBE(map_a_stack, map(usable, own | MAP_GROWSDOWN, -1, 1ul << 33))
  PROBE(map_too_much, map(usable, own | MAP_NORESERVE, -1, 10ul << 30))
  PROBE(allocate, allocate())
  CALL(pkey_mprotect, buffer, 4096, PROT_EXEC, -1)
  CALL(memfd_create, "a", 0)
  CALL(memfd_secret, 0)
  CALL(userfaultfd, 0)
  CALL(mlockall, MCL_CURRENT | MCL_FUTURE)
  CALL(mlock, buffer, 4096)
  CALL(remap_file_pages, buffer, 4096, 0, 0, 0)
  CALL(shmget, 1, 4096, 01600)
  CALL(mbind, buffer, 4096, 0, NULL, 0, 0)
  return -2;
}

static long try_kernel(const char *probe) {
  CALL(io_uring_setup, 8, buffer)
  CALL(io_uring_enter, 0, 1, 0, 0, NULL, 0)
  CALL(bpf, 0, buffer, 64)
  CALL(perf_event_open, buffer, 0, -1, -1, 0)
  CALL(add_key, "user", "a", "b", 1, -3)
  CALL(request_key, "user", "a", NULL, -3)
  CALL(keyctl, 0, -3, 1)
  CALL(personality, 0x0400000)
  CALL(mount, "none", "/none", "tmpfs", 0, NULL)
  CALL(umount2, "/none", 2)
  CALL(fsopen, "tmpfs", 0)
  CALL(open_tree, AT_FDCWD, "/", 1)
  CALL(move_mount, 0, "", 0, "", 0)
  CALL(pivot_root, "/", "/")
  CALL(chroot, "/")
  CALL(swapon, "/dev/null", 0)
  CALL(quotactl, 0, NULL, 0, NULL)
  CALL(reboot, 0, 0, 0, NULL)
  CALL(kexec_load, 0, 0, NULL, 0)
  CALL(init_module, buffer, 0, "")
  CALL(finit_module, 0, "", 0)
  CALL(delete_module, "none", 0)
  CALL(settimeofday, NULL, NULL)
  CALL(clock_settime, 0, NULL)
  CALL(sethostname, "a", -1)
  CALL(acct, NULL)
  CALL(syslog, 10, NULL, 0)
  CALL(capset, buffer, buffer)
  CALL(setuid, 0)
  CALL(setgroups, 0, NULL)
#ifdef __x86_64__
  CALL(iopl, 3)
  CALL(ioperm, 0x80, 1, 1)
  CALL(modify_ldt, 0, buffer, 16)
  CALL(arch_prctl, 0x1002, 0)
#endif
  PROBE(fake_input, syscall(SYS_ioctl, 0, 0x5412, "x"))
  PROBE(outlive_engine, syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0))
  PROBE(dumpable, syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0))
  PROBE(another_filter, syscall(SYS_seccomp, 1, 1, buffer))
  PROBE(filter_listener, syscall(SYS_seccomp, 1, 8, buffer))
  PROBE(strict_filter, syscall(SYS_prctl, PR_SET_SECCOMP, 1, 0, 0, 0))
  CALL(landlock_create_ruleset, NULL, 0, 1)
  return -2;
}

static long try_descriptors(const char *probe) {
  CALL(dup, 2)
  CALL(dup3, 2, 100, 0)
  CALL(pipe2, buffer, 0)
  CALL(eventfd2, 0, 0)
  CALL(timerfd_create, 1, 0)
  CALL(signalfd4, -1, buffer, 8, 0)
  PROBE(duplicate_all, duplicate_all())
  PROBE(asynchronous, syscall(SYS_fcntl, 0, F_SETFL, O_ASYNC))
  PROBE(signals_to_parent, syscall(SYS_fcntl, 0, F_SETOWN, getppid()))
  PROBE(write_elsewhere, syscall(SYS_write, 1, "x", 1))
  return -2;
}

static long try_signals(const char *probe) {
  PROBE(handle_sigsys, set_handler(SIGSYS))
  PROBE(ignore_sigkill, set_handler(SIGKILL))
  PROBE(handle_sigterm, set_handler(SIGTERM))
  PROBE(block_sigsys, call_blocked())
  PROBE(tiny_stack, call_without_stack())
  PROBE(x32, call_x32())
  PROBE(int80, call_int80())
  PROBE(number_minus_one, syscall(-1))
  PROBE(number_unknown, syscall(9999))
  PROBE(stack_overflow, overflow(NULL))
  PROBE(null_pointer, *(volatile long *)8)
  PROBE(divide_by_zero, divide(0))
  PROBE(abort, (abort(), 0))
  PROBE(free_what_is_not_mine, free_foreign())
  PROBE(spin, spin())
  PROBE(use_a_little, use_a_little())
  PROBE(handle_segv, set_handler(SIGSEGV))
  return -2;
}

/* One attempt; says how it ended, if the process is still there. */
static void attempt(const char *probe) {
  long (*groups[])(const char *) = {try_files,  try_network,     try_processes, try_memory,
                                    try_kernel, try_descriptors, try_signals};
  long result = -2;
  errno = 0;
  for (size_t group = 0; group < sizeof groups / sizeof *groups && result == -2; group++) {
    result = groups[group](probe);
  }
  char line[64];
  int length = result == -2  ? snprintf(line, sizeof line, "no such probe\n")
      : result == -1 ? snprintf(line, sizeof line, "failed with errno %d\n", errno)
                     : snprintf(line, sizeof line, "succeeded\n");
  (void)!write(2, line, (size_t)length);
}

/* The probe of "place probe", if this is the place. */
static const char *probe_of(const char *text, const char *place) {
  size_t length = strlen(place);
  return strncmp(text, place, length) == 0 && text[length] == ' ' ? text + length + 1 : NULL;
}

__attribute__((constructor)) static void constructed(void) {
  const char *text = getenv("HOSTILE_PROBE");
  const char *probe = text ? probe_of(text, "constructor") : NULL;
  if (probe) attempt(probe);
}

static int32_t open_it(tanda_text config, const tanda_host_v1 *host, tanda_instance **instance,
                       tanda_error_v1 *error) {
  (void)host;
  (void)error;
  tanda_instance *made = calloc(1, sizeof *made);
  memcpy(made->probe, config.data, config.len < 63 ? config.len : 63);
  const char *probe = probe_of(made->probe, "open");
  if (probe) attempt(probe);
  kept = open(in_folder("declared"), O_RDONLY);
  *instance = made;
  return TANDA_OK;
}

static int32_t bind_it(tanda_instance *self, const struct ArrowSchema *input,
                       const tanda_wanted_v1 *wanted, tanda_bound_v1 *bound,
                       tanda_error_v1 *error) {
  (void)input;
  (void)wanted;
  (void)bound;
  const char *probe = probe_of(self->probe, "run");
  if (probe) attempt(probe);
  return tanda_fail(error, "this plugin is here for its probes");
}

static int32_t process_it(tanda_instance *self, struct ArrowArray *batch,
                          const tanda_emitter_v1 *out, tanda_error_v1 *error) {
  (void)self;
  (void)batch;
  (void)out;
  return tanda_fail(error, "never bound");
}

static void close_it(tanda_instance *self) { free(self); }

const tanda_plugin_v1 *tanda_plugin(void) {
  static const tanda_plugin_v1 table = {
      TANDA_ABI_VERSION, sizeof(tanda_plugin_v1),
      TANDA_TEXT("hostile"), TANDA_TEXT("1"),
      TANDA_STATELESS,
      TANDA_TEXT("text"), TANDA_TEXT("place and name of a probe"),
      open_it, bind_it, process_it, NULL, NULL, NULL, NULL, close_it,
  };
  return &table;
}
