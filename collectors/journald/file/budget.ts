/** Memory for all files that are open, as shares: windows on the file, and bytes of fields kept. */
export class Budget {
  files = 0

  get windows(): number {
    return Math.max(1, Math.floor(32 / this.files))
  }

  get fieldBytes(): number {
    return Math.max(16 << 10, Math.floor((3 << 20) / this.files))
  }
}
