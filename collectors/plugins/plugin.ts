/** One plug-in: what it last said, and how it is run, again and again or kept running. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, describe, ParseError } from '../../src/errors.ts'
import type { CollectContext } from '../../src/model.ts'
import { inPrivateFolder, withTool } from '../../src/tool.ts'
import { Frames, parseFrame } from './format.ts'
import { checked, type Family } from './frame.ts'
import type { PluginOptions } from './options.ts'

export const errorReasons = ['failed', 'timeout', 'malformed'] as const
export type ErrorReason = (typeof errorReasons)[number]

export interface Frame {
  readonly families: readonly Family[]
  /** By a clock that never steps, milliseconds. */
  readonly at: number
}

/** A frame longer than this is malformed. */
const mostFrameBytes = 8 << 20
const firstPauseMilliseconds = 1000
const mostPauseMilliseconds = 60_000
/** A frame is shown until so many more were due. */
const staleFrames = 5
const leastStaleSeconds = 60

type Around = Pick<CollectContext, 'run' | 'stream' | 'host' | 'signal'>

export class Plugin {
  readonly options: PluginOptions
  readonly #declared: ReadonlySet<string>
  readonly #told: (error: Error) => void
  readonly errors = new Map<ErrorReason, number>(errorReasons.map((reason) => [reason, 0]))
  #frame: Frame | undefined
  #durationSeconds: number | undefined
  /** Whether the last run, or frame, was well; undefined before the first. */
  #isWell: boolean | undefined
  /** What was told last, until two frames in a row are well: one may be refused after it was taken. */
  #saidLast: string | undefined

  /** @param declared names that no plug-in may use @param told of an error once, until another one comes or the plug-in is well again */
  constructor(options: PluginOptions, declared: ReadonlySet<string>, told: (error: Error) => void) {
    this.options = options
    this.#declared = declared
    this.#told = told
  }

  get isWell(): boolean | undefined {
    return this.#isWell
  }

  /** Of the last run. */
  get durationSeconds(): number | undefined {
    return this.#durationSeconds
  }

  /** The last frame, unless it is too old to be shown. */
  frame(now: number): Frame | undefined {
    const { every_seconds, deadline_seconds } = this.options
    const most = Math.max(leastStaleSeconds, staleFrames * every_seconds + deadline_seconds)
    return this.#frame && now - this.#frame.at <= most * 1000 ? this.#frame : undefined
  }

  /** The frame does not fit to what others say: nothing of it is shown. */
  refuse(why: ParseError): void {
    this.#frame = undefined
    this.#fail(why)
  }

  /** Runs it until the signal. */
  async keep(context: Around): Promise<void> {
    const { signal } = context
    let pause = firstPauseMilliseconds
    for (;;) {
      const begun = performance.now()
      if (!this.options.keep_running) await this.once(context)
      else if (await this.#follow(context)) pause = firstPauseMilliseconds
      signal.throwIfAborted()
      const next = this.options.every_seconds * 1000 - (performance.now() - begun)
      await sleep(this.options.keep_running ? pause : Math.max(0, next), undefined, { signal })
      pause = Math.min(mostPauseMilliseconds, pause * 2)
    }
  }

  /** One run to its end, or of one kept running its first frame. What goes wrong is counted and told. */
  async once(context: Around): Promise<void> {
    if (this.options.keep_running) {
      await this.#follow(context, 1)
      return
    }
    const { name, deadline_seconds } = this.options
    const [program = '', ...args] = this.options.command
    const tool = { family: `plug-in ${name}`, name, program: context.host.resolve(program) }
    const begun = performance.now()
    try {
      const { stdout, stderr, exitCode } = await withTool(tool, context, (call) =>
        call.exec(args, { deadlineSeconds: deadline_seconds, maxOutputBytes: mostFrameBytes }),
      )
      if (exitCode !== 0)
        throw new CommandError(`Cannot run "${program}": it ended with ${exitCode}${said(stderr)}`, {
          exitCode,
          stderr,
        })
      this.#take(stdout)
    } catch (error) {
      if (context.signal.aborted) throw error
      this.#fail(error)
    } finally {
      this.#durationSeconds = (performance.now() - begun) / 1000
    }
  }

  /** @param most so many frames are enough @returns whether a good frame came */
  async #follow(context: Around, most = Number.POSITIVE_INFINITY): Promise<boolean> {
    const { every_seconds, deadline_seconds } = this.options
    const [program = '', ...args] = this.options.command
    const stalled = new AbortController()
    const signal = AbortSignal.any([context.signal, stalled.signal])
    const patience = () => setTimeout(() => stalled.abort(), (every_seconds + deadline_seconds) * 1000)
    let timer = patience()
    let good = 0
    try {
      await inPrivateFolder(async (cwd) => {
        const frames = new Frames(mostFrameBytes)
        const command = {
          program: context.host.resolve(program),
          args,
          cwd,
          signal,
          key: `plug-in ${this.options.name}`,
        }
        for await (const piece of context.stream(command)) {
          for (const frame of frames.add(piece)) {
            clearTimeout(timer)
            timer = patience()
            if (this.#tryTake(frame)) good += 1
            if (good >= most) return
          }
        }
        throw new CommandError(`Cannot keep "${program}" running: it has ended`)
      })
    } catch (error) {
      if (context.signal.aborted) throw error
      const late = new CommandError(
        `Cannot follow "${program}": no frame within ${every_seconds + deadline_seconds} s`,
        {
          timedOut: true,
        },
      )
      this.#fail(stalled.signal.aborted ? late : error)
    } finally {
      clearTimeout(timer)
    }
    return good > 0
  }

  #tryTake(bytes: Uint8Array): boolean {
    try {
      this.#take(bytes)
      return true
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  /** @throws {ParseError} it cannot be taken: what was shown before stays until it is too old */
  #take(bytes: Uint8Array): void {
    const { name, format, max_series } = this.options
    const what = `plug-in "${name}"`
    const limits = { mostSeries: max_series, declared: this.#declared }
    this.#frame = { families: checked(parseFrame(bytes, format), what, limits), at: performance.now() }
    if (this.#isWell) this.#saidLast = undefined
    this.#isWell = true
  }

  #fail(cause: unknown): void {
    const timedOut = cause instanceof CommandError && cause.timedOut
    const reason: ErrorReason = cause instanceof ParseError ? 'malformed' : timedOut ? 'timeout' : 'failed'
    this.errors.set(reason, (this.errors.get(reason) ?? 0) + 1)
    this.#isWell = false
    const words = describe(cause)
    if (words !== this.#saidLast) this.#told(new Error(`Plug-in "${this.options.name}": ${words}`, { cause }))
    this.#saidLast = words
  }
}

/** The begin of what it said on its error output. */
function said(stderr: string): string {
  const words = stderr.trim().replace(/\s+/g, ' ')
  return words === '' ? '' : `: ${words.slice(0, 200)}`
}
