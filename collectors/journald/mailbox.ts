/** Hands what several write, one after another, to one who asks. Nothing is kept: a writer waits until it is taken. */
export class Mailbox<T> {
  readonly #waiting: { readonly item: T; readonly taken: () => void }[] = []
  #failure: { readonly error: unknown } | undefined
  #arrived = Promise.withResolvers<void>()

  /** Resolves when the item is taken. */
  put(item: T): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ item, taken: resolve })
    this.#arrived.resolve()
    return promise
  }

  /** Makes every `take` throw. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#arrived.resolve()
  }

  /** @throws what it failed with */
  async take(): Promise<T> {
    for (;;) {
      if (this.#failure) throw this.#failure.error
      const next = this.#waiting.shift()
      if (next) {
        next.taken()
        return next.item
      }
      this.#arrived = Promise.withResolvers()
      await this.#arrived.promise
    }
  }
}
