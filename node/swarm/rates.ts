/** Rates: how fast something has been, and how fast it may be. Time comes from outside, in milliseconds. */
import { setTimeout } from 'node:timers/promises'

export type Clock = () => number

const SAVED_MS = 1000

/** Bytes a second over the last seconds. */
export class RateMeter {
  readonly #spanMs: number
  readonly #now: Clock
  readonly #samples: { time: number; bytes: number }[] = []
  #sum = 0

  constructor(spanMs: number, now: Clock = () => performance.now()) {
    this.#spanMs = spanMs
    this.#now = now
  }

  add(bytes: number): void {
    const time = this.#now()
    const last = this.#samples.at(-1)
    if (last !== undefined && time - last.time < this.#spanMs / 30) last.bytes += bytes
    else this.#samples.push({ time, bytes })
    this.#sum += bytes
    this.#forget(time)
  }

  /** 0 before anything was added, and once nothing came for the span. */
  perSecond(): number {
    const time = this.#now()
    this.#forget(time)
    const first = this.#samples[0]
    return first === undefined ? 0 : (1000 * this.#sum) / Math.max(time - first.time, this.#spanMs / 30)
  }

  #forget(time: number): void {
    while (this.#samples.length > 0 && time - this.#samples[0]!.time > this.#spanMs)
      this.#sum -= this.#samples.shift()!.bytes
  }
}

/**
 * A token bucket: so many bytes a second, with one second saved up at most, so that a busy machine's late timers cost no rate. Who comes first is served first,
 * and one piece larger than the bucket makes the next wait longer, so the rate holds for pieces of any size.
 */
export class RateLimit {
  readonly #perMs: number
  readonly #now: Clock
  readonly #most: number
  #tokens: number
  #filledAt: number
  #queue: Promise<void> = Promise.resolve()

  /** @param bytesPerSecond `undefined` for no limit. */
  constructor(bytesPerSecond: number | undefined, now: Clock = () => performance.now()) {
    this.#perMs = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000
    this.#now = now
    this.#most = this.#perMs * SAVED_MS
    this.#tokens = this.#most
    this.#filledAt = now()
  }

  /** Takes `bytes` now, into debt if need be, and answers how many milliseconds to wait before using them. */
  reserve(bytes: number): number {
    if (this.#perMs === Number.POSITIVE_INFINITY) return 0
    this.#fill()
    this.#tokens -= bytes
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs
  }

  /** Milliseconds until what was taken is paid for. */
  debtMs(): number {
    if (this.#perMs === Number.POSITIVE_INFINITY) return 0
    this.#fill()
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs
  }

  /** Resolves when `bytes` may pass. @throws the signal's reason. */
  take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#perMs === Number.POSITIVE_INFINITY) return Promise.resolve()
    const turn = this.#queue.then(async () => {
      signal?.throwIfAborted()
      const ms = this.reserve(bytes)
      if (ms > 0) await setTimeout(ms, undefined, signal === undefined ? {} : { signal })
    })
    this.#queue = turn.catch(() => {})
    return turn
  }

  #fill(): void {
    const now = this.#now()
    this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) * this.#perMs)
    this.#filledAt = now
  }
}
