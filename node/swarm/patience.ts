/**
 * When a pull is in vain: nothing is under way, or something is and no whole chunk comes of it. Leaves to the fetcher what
 * goes on, and to say so when it is over.
 */

const STALL_MS = 60_000
const BUSY_STALLS = 10

/** What goes on at the moment. */
export interface Goings {
  /** Somebody has sent bytes lately, or is to be asked again after a pause. */
  readonly isAlive: boolean
  /** Somebody is asked for chunks. */
  readonly isBusy: boolean
  /** Others may still be found. */
  readonly isSearching: boolean
}

export class Patience {
  readonly #stallMs: number
  #activeAt = performance.now()
  #arrivedAt = performance.now()
  #quietAt = performance.now()

  constructor(stallMs = STALL_MS) {
    this.#stallMs = stallMs
  }

  /** Something came. */
  active(): void {
    this.#activeAt = performance.now()
  }

  /** A right chunk came. */
  arrived(): void {
    this.#arrivedAt = performance.now()
  }

  /** Milliseconds since a right chunk came. */
  get sinceArrivalMs(): number {
    return performance.now() - this.#arrivedAt
  }

  /** Whether to give up; to be asked now and again. */
  isOver({ isAlive, isBusy, isSearching }: Goings): boolean {
    const now = performance.now()
    if (isAlive) this.#activeAt = now
    else this.#quietAt = now
    const isIdle = !isSearching && now - this.#activeAt > (isBusy ? BUSY_STALLS : 1) * this.#stallMs
    const isInVain = now - Math.max(this.#quietAt, this.#arrivedAt) > BUSY_STALLS * this.#stallMs
    return isIdle || isInVain
  }
}
