/**
 * Process groups by their number: killed whole, and asked whether anything of them is left.
 * @see kill(2), proc_pid_stat(5)
 */
import { readdir, readFile } from 'node:fs/promises'

/** The groups that run now. */
const running = new Set<number>()
let watchingExit = false

/** Has a group killed when the agent exits before the group was released. */
export function takeAlong(group: number): void {
  running.add(group)
  if (watchingExit) return
  watchingExit = true
  process.once('exit', () => running.forEach(killGroup))
}

export function released(group: number): void {
  running.delete(group)
}

/** Sends SIGKILL to every member; a group that is gone, or whose members are not ours, stays as it is. */
export function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

/** Whether the group has any member, zombies included. */
export function groupExists(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

/** Whether the group has a member that is not a zombie: in a container nobody may ever reap an orphan. */
export async function groupAlive(group: number): Promise<boolean> {
  if (!groupExists(group)) return false
  const pids = await readdir('/proc').catch(() => undefined)
  if (!pids) return true // Without /proc there is no telling.
  for (const pid of pids) {
    if (!/^\d+$/.test(pid)) continue
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '') // It ended since the listing.
    // pid (name) state ppid pgrp: the name may hold anything, even ")".
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (pgrp === String(group) && state !== 'Z' && state !== 'X') return true
  }
  return false
}
