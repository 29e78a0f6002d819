/** What the server answers, as data. */
import type { ServerResponse } from 'node:http'

/** An answer without an end: whoever makes it writes it, until the connection closes. */
export interface Stream {
  begin(response: ServerResponse): void
}

/** One HTTP answer as data: a route returns it, server.ts writes it. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** Plain words, ending in a newline. */
export function words(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n`, headers }
}

export function json(value: unknown): Answer {
  const body = `${JSON.stringify(value, undefined, 2)}\n`
  return { status: 200, type: 'application/json; charset=utf-8', body }
}

/** Resolves after `milliseconds`, or with the promise if that is sooner. Says whether the promise was in time. */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  try {
    return await Promise.race([promise.then(() => true as const), late])
  } finally {
    clearTimeout(timer)
  }
}
