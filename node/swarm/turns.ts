/**
 * Who may go on now: so many at once over all peers, of those that wait one of each peer in turn, so that whoever asks
 * most does not get most. Leaves to the caller what a turn is good for, and to give it back.
 */
import { OppuError } from '../../protocol/errors.ts'

interface Waiter {
  readonly grant: () => void
}

export class Turns {
  readonly #atOnce: number
  readonly #mostWaiting: number
  /** By peer, in the order in which peers are next. */
  readonly #waiting = new Map<string, Waiter[]>()
  #waitingCount = 0
  #taken = 0

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce
    this.#mostWaiting = mostWaiting
  }

  /**
   * Answers true with a turn, to be given back, and false when there was none within `ms`.
   * @throws OppuError UNAVAILABLE when too many wait already; the signal's reason.
   */
  async take(peer: string, ms: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted()
    if (this.#taken < this.#atOnce) {
      this.#taken++
      return true
    }
    if (this.#waitingCount >= this.#mostWaiting)
      throw new OppuError('UNAVAILABLE', 'too many requests are waiting')
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const waiter: Waiter = { grant: () => resolve(true) }
    const timer = setTimeout(() => {
      if (this.#remove(peer, waiter)) resolve(false)
    }, ms)
    const onAbort = () => {
      if (this.#remove(peer, waiter)) reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const line = this.#waiting.get(peer)
    if (line === undefined) this.#waiting.set(peer, [waiter])
    else line.push(waiter)
    this.#waitingCount++
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  giveBack(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#taken--
      return
    }
    const [peer, line] = next
    const waiter = line.shift()!
    this.#waitingCount--
    this.#waiting.delete(peer)
    if (line.length > 0) this.#waiting.set(peer, line)
    waiter.grant() // the turn passes on
  }

  #remove(peer: string, waiter: Waiter): boolean {
    const line = this.#waiting.get(peer)
    const at = line?.indexOf(waiter) ?? -1
    if (line === undefined || at < 0) return false
    line.splice(at, 1)
    this.#waitingCount--
    if (line.length === 0) this.#waiting.delete(peer)
    return true
  }
}
