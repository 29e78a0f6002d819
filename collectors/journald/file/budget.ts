/** Memory for all files that are open, as shares: windows on the file, and bytes of fields kept. */
export class Budget {
  files = 0

  get windows(): number {
    return Math.max(1, Math.floor(16 / this.files))
  }

  /** Of fields kept, in a file that is opened now. A power of two. */
  get places(): number {
    return this.files <= 4 ? 1 << 15 : 1 << 10
  }

  get fieldBytes(): number {
    return Math.max(16 << 10, Math.floor((4 << 20) / this.files))
  }
}
