/**
 * The way out of the process. exit(3) joins the threads that libuv reads files with, and one that waits for a file
 * server which is gone (NFS, Lustre) would hold the end for as long. Becoming another program ends every thread that
 * SIGKILL would end; in a wait that not even SIGKILL ends, the kernel lets no process go.
 * @see execve(2), TASK_KILLABLE in Linux include/linux/sched.h
 */
export function leave(code: number): never {
  const waiting = process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq'))
  if (waiting) process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {})
  process.exit(code)
}
