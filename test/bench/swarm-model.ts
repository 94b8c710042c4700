/** A node of the simulated swarm, who it knows and what it asks of whom: state only; swarm-simulation.ts makes it move. */
import { Bits } from './swarm-clock.ts'

export interface Line {
  /** Bytes a millisecond. */
  readonly up: number
  readonly down: number
}

export interface Request {
  readonly link: Link
  readonly candidates: readonly number[]
  readonly count: number
  /** Asked for and not here; until the provider has chosen, all candidates. */
  readonly open: Set<number>
  isServed: boolean
  isOver: boolean
}

/** One node asking another. */
export interface Link {
  readonly from: Node
  readonly to: Node
  readonly requests: Set<Request>
  rate: number | undefined
}

export class Node {
  readonly line: Line
  readonly held: Bits
  /** Missing, and nobody was asked for it. */
  readonly open: Bits
  readonly asked: Uint8Array
  readonly askedAt: Float64Array
  readonly holders: Uint16Array
  readonly served: Uint32Array
  readonly links = new Map<Node, Link>()
  /** Requests that wait here, by who asks, in the order of turns. */
  readonly waiting = new Map<Node, Request[]>()
  missing: number
  underWay = 0
  /** Changes with every departure, so that what was begun before is known as such. */
  life = 0
  isHere = true
  isSending = false
  isScheduled = false
  downFreeAt = 0
  /** When the last chunk came. */
  arrivedAt = 0
  sent = 0
  finishedAt = 0

  constructor(line: Line, chunks: number, isFull: boolean) {
    this.line = line
    this.held = new Bits(chunks, isFull)
    this.open = new Bits(chunks, !isFull)
    this.asked = new Uint8Array(chunks)
    this.askedAt = new Float64Array(chunks)
    this.holders = new Uint16Array(chunks)
    this.served = new Uint32Array(chunks)
    this.missing = isFull ? 0 : chunks
  }

  /** Notes that a neighbour holds all of these, or that it is gone. */
  hears(chunks: Bits, change: 1 | -1): void {
    for (const chunk of chunks.list()) this.holders[chunk]! += change
  }

  /** Whose turn it is. */
  takeWaiting(): Request | undefined {
    const [turn] = this.waiting
    if (turn === undefined) return undefined
    const [asker, line] = turn
    const request = line.shift()!
    this.waiting.delete(asker)
    if (line.length > 0) this.waiting.set(asker, line)
    return request
  }

  /** When the oldest of what was asked for was asked for; `undefined` where nothing was. */
  oldestAsked(): number | undefined {
    let oldest: number | undefined
    for (const [chunk, at] of this.askedAt.entries())
      if (this.asked[chunk]! > 0 && (oldest === undefined || at < oldest)) oldest = at
    return oldest
  }
}
