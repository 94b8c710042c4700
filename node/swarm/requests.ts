/** The requests of a pull that are under way, by peer: how many there are, and which need no answer any more. */
import type { Remote } from './remote.ts'

export interface OpenRequest {
  /** Ends it when nothing of it is needed any more. */
  readonly stop: AbortController
  /** Asked for and not yet here; until the peer has chosen, its candidates. */
  readonly open: Set<number>
  chosen: boolean
}

export class Requests {
  readonly #byPeer = new Map<Remote, Set<OpenRequest>>()

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
}
