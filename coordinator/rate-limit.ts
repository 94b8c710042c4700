/** Keeps one peer from taking a coordinator's time from the others. */
import { OppuError } from '../protocol/errors.ts'

/** So many requests a minute from each peer, counted anew every minute. */
export class RateLimit {
  readonly #most: number
  readonly #now: () => number
  readonly #counts = new Map<string, number>()
  #minute = 0

  constructor(most: number, now: () => number) {
    this.#most = most
    this.#now = now
  }

  /** @throws OppuError REFUSED when `peer` asks too often. */
  take(peer: string): void {
    const minute = Math.floor(this.#now() / 60_000)
    if (minute !== this.#minute) this.#counts.clear()
    this.#minute = minute
    const count = (this.#counts.get(peer) ?? 0) + 1
    this.#counts.set(peer, count)
    if (count > this.#most) throw new OppuError('REFUSED', 'too many requests in this minute')
  }
}
