/**
 * Who may go on now: so many at once over all peers, of those that wait one of each peer in turn, so that whoever asks
 * most does not get most. Whoever keeps a turn for longer than is reasonable loses it when others wait, so that nobody
 * holds them all by being slow. Leaves to the caller what a turn is good for, and to give it back.
 */
import { OppuError } from '../../protocol/errors.ts'

export interface Turn {
  /** To be called once, also after it was lost. */
  readonly giveBack: () => void
}

interface Holder {
  /** By `performance.now()`. */
  readonly since: number
  readonly onLost: (reason: OppuError) => void
}

interface Waiter {
  readonly grant: () => void
}

export interface TurnLimits {
  readonly atOnce: number
  readonly waiting: number
  /** Milliseconds after which a turn can be lost. */
  readonly turnMs: number
}

export class Turns {
  readonly #limits: TurnLimits
  /** In the order in which they began. */
  readonly #holders = new Set<Holder>()
  /** By peer, in the order in which peers are next. */
  readonly #waiting = new Map<string, Waiter[]>()
  #waitingCount = 0
  #taken = 0

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /**
   * A turn, to be given back; undefined when there was none within `ms`. `onLost` is told when it is to end at once.
   * @throws OppuError UNAVAILABLE when too many wait already; the signal's reason.
   */
  async take(
    peer: string,
    ms: number,
    signal: AbortSignal,
    onLost: Holder['onLost'],
  ): Promise<Turn | undefined> {
    signal.throwIfAborted()
    if (this.#taken < this.#limits.atOnce) this.#taken++
    else if (!(await this.#wait(peer, ms, signal))) return undefined
    const holder: Holder = { since: performance.now(), onLost }
    this.#holders.add(holder)
    return {
      giveBack: () => {
        this.#holders.delete(holder)
        this.#passOn()
      },
    }
  }

  async #wait(peer: string, ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.#waitingCount >= this.#limits.waiting)
      throw new OppuError('UNAVAILABLE', 'too many requests are waiting')
    this.#endTheSlow()
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

  #endTheSlow(): void {
    const { turnMs } = this.#limits
    for (const { since, onLost } of this.#holders) {
      if (performance.now() - since < turnMs) return
      onLost(new OppuError('TIMEOUT', `not done after ${turnMs} ms, and others wait`))
    }
  }

  #passOn(): void {
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
