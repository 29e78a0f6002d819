/** statfs(2) that cannot block the agent: see `readUsage`. */

/** What statfs says of a file system, in bytes and counts. */
export interface FileSystemUsage {
  readonly sizeBytes: number
  readonly freeBytes: number
  /** Free to unprivileged users. */
  readonly availableBytes: number
  readonly files: number
  readonly filesFree: number
}
