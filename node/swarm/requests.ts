/** The requests of a pull that are under way, by peer: how many there are, how much, and which need no answer any more. */
import { MIB } from '../../protocol/limits.ts'
import type { Remote } from './remote.ts'

/** Over all peers: 160 MB/s over a round trip of 100 ms. */
export const UNDER_WAY_BYTES = 16 * MIB
/** The same for a peer that nothing is asked of: slow ones cannot keep the rest from being asked at all. */
const FIRST_UNDER_WAY_BYTES = 1.5 * UNDER_WAY_BYTES

export interface OpenRequest {
  /** Ends it when nothing of it is needed any more. */
  readonly stop: AbortController
  /** Asked for and not yet here; until the peer has chosen, its candidates. */
  readonly open: Set<number>
  chosen: boolean
  /** By `performance.now()`: later than this it keeps others waiting. */
  readonly due: number
}

export class Requests {
  readonly #byPeer = new Map<Remote, Set<OpenRequest>>()
  /** Bytes asked for and not yet here. */
  bytes = 0

  /** Those to one peer, to be added to and taken from. */
  of(remote: Remote): Set<OpenRequest> {
    const known = this.#byPeer.get(remote)
    if (known !== undefined) return known
    const none = new Set<OpenRequest>()
    this.#byPeer.set(remote, none)
    return none
  }

  /** Over all peers. */
  get size(): number {
    return this.#byPeer.values().reduce((sum, { size }) => sum + size, 0)
  }

  /** Whether more may be asked of nobody but those who have nothing to do. */
  get isFull(): boolean {
    return this.bytes >= UNDER_WAY_BYTES
  }

  hasRoomFor(remote: Remote): boolean {
    return this.of(remote).size === 0 ? this.bytes < FIRST_UNDER_WAY_BYTES : !this.isFull
  }

  /** Ends those that `chunk` was asked for in, if everything they ask for is here; not one whose last bytes come already. */
  arrived(chunk: number, isHere: (chunk: number) => boolean): void {
    for (const requests of this.#byPeer.values()) {
      for (const { open, chosen, stop } of requests) {
        if (!open.has(chunk) || open.size <= (chosen ? 1 : 0)) continue
        if ([...open].every(isHere)) stop.abort()
      }
    }
  }

  /** Ends those that wait for the turn of a peer that is spared, if they ask for nothing that is rare any more. */
  withdraw(isSpared: (remote: Remote) => boolean, hasRare: (chunks: Iterable<number>) => boolean): void {
    for (const [remote, requests] of this.#byPeer) {
      if (!isSpared(remote)) continue
      for (const { open, chosen, stop } of requests) if (!chosen && !hasRare(open)) stop.abort()
    }
  }

  /** Ends those that keep others waiting. */
  withdrawLate(now: number): void {
    if (!this.isFull) return
    for (const requests of this.#byPeer.values())
      for (const { due, stop } of requests) if (now > due) stop.abort()
  }
}
