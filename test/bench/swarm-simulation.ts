/**
 * A swarm of any size in virtual time: which chunk is asked of whom, and which is sent, is decided by the node's own
 * functions (node/swarm/selection.ts), called as the fetcher and the provider call them. Everything else is a model.
 *
 * A link up or down carries one chunk after the other at its full rate, which for a whole chunk comes to the same as
 * sharing it; a chunk takes as long as the slower of the two, and what a downlink is busy with delays what comes next.
 * Half a round trip lies between any two nodes; what a neighbour holds is known at once. Nodes know some others, at
 * random, and both may ask each other. Chunks are coarser than real ones, so waiting is too. A node that leaves loses what is under
 * way, keeps what it has, and comes back to other neighbours. Deterministic for a seed. Rejected: rates shared fairly
 * at every instant (each arrival would change hundreds of rates, and 10,000 nodes would take hours).
 */
import {
  candidateCount,
  choose,
  endGame,
  NOT_RARE,
  type Random,
  rank,
  seededRandom,
  sizing,
  spares,
} from '../../node/swarm/selection.ts'
import { SWARM_LIMITS } from '../../protocol/limits.ts'
import { Clock } from './swarm-clock.ts'
import { type Line, type Link, Node, type Request } from './swarm-model.ts'

export interface SimulationOptions {
  /** The line of each node that pulls. */
  readonly lines: readonly Line[]
  /** Of the first holder, who never leaves. */
  readonly first: Line
  readonly bytes: number
  readonly chunks: number
  readonly seed: number
  /** Means, in milliseconds, of exponential distributions. */
  readonly churn?: { readonly stayMs: number; readonly awayMs: number }
}

export interface Simulated {
  /** Milliseconds until each node had everything, in the order of `lines`. */
  readonly finished: readonly number[]
  /** Bytes sent by each; the first holder's at the end. */
  readonly sent: readonly number[]
  /** Bytes that were sent for nothing: they came twice, or when nobody waited for them any more. */
  readonly wasted: number
  readonly departures: number
}

/** Others that a node looks for, and that it has at most. */
const NEIGHBOURS = 24
const MOST_NEIGHBOURS = 64
const HALF_TRIP_MS = 25
/** As the fetcher: 48 MiB under way, in chunks of 1 MiB. */
const MOST_UNDER_WAY = 48
const REAL_CHUNK = 1 << 20
const TICK_MS = 250
const PATIENCE_MS = 2000

/** Runs until every node has everything. @throws Error when none can get on. */
export function simulate(options: SimulationOptions): Simulated {
  return new Simulation(options).run()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #clock = new Clock()
  readonly #random: Random
  readonly #first: Node
  readonly #nodes: readonly Node[]
  readonly #chunkBytes: number
  readonly #scale: number
  #unfinished: number
  #wasted = 0
  #departures = 0

  constructor(options: SimulationOptions) {
    const { lines, first, bytes, chunks, seed } = options
    this.#options = options
    this.#random = seededRandom(seed)
    this.#chunkBytes = bytes / chunks
    this.#scale = Math.max(1, this.#chunkBytes / REAL_CHUNK)
    this.#first = new Node(first, chunks, true)
    this.#nodes = [...lines.map(line => new Node(line, chunks, false)), this.#first]
    this.#unfinished = lines.length
  }

  run(): Simulated {
    for (const node of this.#nodes) this.#findNeighbours(node)
    for (const node of this.#nodes) {
      if (node === this.#first) continue
      this.#leaveLater(node)
      this.#tick(node)
    }
    while (this.#unfinished > 0) if (!this.#clock.step()) throw new Error('the swarm has come to a stop')
    return {
      finished: this.#nodes.slice(0, -1).map(({ finishedAt }) => finishedAt),
      sent: this.#nodes.map(({ sent }) => sent),
      wasted: this.#wasted,
      departures: this.#departures,
    }
  }

  // ---- neighbours

  #findNeighbours(node: Node): void {
    for (let tries = 0; node.links.size < NEIGHBOURS && tries < 4 * NEIGHBOURS; tries++) {
      const other = this.#nodes[Math.floor(this.#random() * this.#nodes.length)]!
      if (other === node || !other.isHere || node.links.has(other)) continue
      if (other.links.size >= MOST_NEIGHBOURS) continue
      for (const [from, to] of [[node, other] as const, [other, node] as const]) {
        from.links.set(to, { from, to, requests: new Set(), rate: undefined })
        from.hears(to.held, 1)
        this.#schedule(from)
      }
    }
  }

  #leaveLater(node: Node): void {
    const { churn } = this.#options
    if (churn === undefined) return
    this.#clock.after(-Math.log(1 - this.#random()) * churn.stayMs, () => {
      this.#leave(node)
      this.#clock.after(-Math.log(1 - this.#random()) * churn.awayMs, () => {
        node.isHere = true
        this.#findNeighbours(node)
        this.#leaveLater(node)
      })
    })
  }

  #leave(node: Node): void {
    this.#departures++
    node.isHere = false
    node.life++
    node.isSending = false
    node.waiting.clear()
    node.downFreeAt = 0
    for (const [other, link] of node.links) {
      const back = other.links.get(node)!
      for (const request of [...link.requests, ...back.requests]) this.#end(request)
      other.links.delete(node)
      other.waiting.delete(node)
      other.hears(node.held, -1)
      if (other.links.size < NEIGHBOURS / 2) this.#findNeighbours(other)
    }
    node.links.clear()
    node.holders.fill(0)
  }

  // ---- the fetcher's side

  #schedule(node: Node): void {
    if (node.isScheduled) return
    node.isScheduled = true
    this.#clock.after(0, () => {
      node.isScheduled = false
      if (!node.isHere || !node.open.any()) return
      // Those with fewest requests first.
      for (const isIdle of [true, false])
        for (const link of node.links.values()) if ((link.requests.size === 0) === isIdle) this.#askAll(link)
    })
  }

  #askAll(link: Link): void {
    while (link.from.underWay < MOST_UNDER_WAY && this.#ask(link)) {
      // one more
    }
  }

  #ask(link: Link): boolean {
    const { from, to } = link
    if (!from.open.meets(to.held)) return false
    const { chunks: count, depth } = this.#sizing(link)
    if (link.requests.size >= depth) return false
    const held = from.open.common(to.held)
    const askable = this.#isSpared(link) ? held.filter(chunk => from.holders[chunk]! < NOT_RARE) : held
    if (askable.length === 0) return false
    const most = candidateCount(askable.length, depth * from.links.size, count, SWARM_LIMITS.candidates)
    this.#send(
      link,
      rank(askable, chunk => from.holders[chunk]!, this.#random, most),
      count,
    )
    return true
  }

  /** As the fetcher's: the only neighbour that has everything, while others bring the rest. */
  #isSpared({ from, to, rate }: Link): boolean {
    if (to.missing > 0 || this.#clock.now - from.arrivedAt > PATIENCE_MS * this.#scale) return false
    const others = [...from.links.values()].filter(link => link.to !== to)
    if (others.some(link => link.to.missing === 0)) return false
    return spares(
      rate,
      others.flatMap(other => other.rate ?? []),
    )
  }

  /** From time to time: asks others for what is late. */
  #tick(node: Node): void {
    if (node.missing === 0) return
    this.#clock.after(TICK_MS * this.#scale, () => this.#tick(node))
    if (!node.isHere) return
    this.#schedule(node)
    if (node.open.any()) return
    const oldest = node.oldestAsked() ?? this.#clock.now
    if (this.#clock.now - oldest < this.#expectedMs(node.line.down)) return
    for (const link of node.links.values()) {
      const { chunks: count, depth } = this.#sizing(link)
      if (link.requests.size >= depth || node.underWay >= MOST_UNDER_WAY) continue
      const mine = new Set([...link.requests].flatMap(({ open }) => [...open]))
      const pending = link.to.held.without(node.held).flatMap(chunk => {
        const [asked, ageMs] = [node.asked[chunk]!, this.#clock.now - node.askedAt[chunk]!]
        return asked === 0 || mine.has(chunk) ? [] : [{ chunk, asked, ageMs }]
      })
      const expectedMs = this.#expectedMs(link.rate ?? node.line.down)
      const late = endGame(pending, expectedMs, Math.min(count, 4))
      if (late.length > 0) this.#send(link, late, count)
    }
  }

  /** In which the fetcher expects a chunk from a peer of that rate. */
  #expectedMs(rate: number): number {
    return 500 + (2 * this.#chunkBytes) / rate
  }

  #sizing({ rate }: Link) {
    const link = { rate: rate === undefined ? undefined : rate * 1000, roundTripMs: 2 * HALF_TRIP_MS }
    return sizing(link, this.#chunkBytes, SWARM_LIMITS.chunks)
  }

  #send(link: Link, candidates: readonly number[], most: number): void {
    const { from, to } = link
    const count = Math.min(most, candidates.length)
    const request: Request = {
      link,
      candidates,
      count,
      open: new Set(candidates),
      isServed: false,
      isOver: false,
    }
    link.requests.add(request)
    from.underWay++
    for (const chunk of candidates) {
      from.asked[chunk]!++
      from.askedAt[chunk] = this.#clock.now
      from.open.delete(chunk)
    }
    this.#clock.after(HALF_TRIP_MS, () => {
      if (request.isOver) return
      const line = to.waiting.get(from)
      if (line === undefined) to.waiting.set(from, [request])
      else line.push(request)
      this.#serve(to)
    })
    this.#clock.after(SWARM_LIMITS.waitMs * this.#scale, () => {
      if (!request.isServed) this.#end(request)
    })
  }

  #release(node: Node, chunk: number): void {
    if (--node.asked[chunk]! === 0 && !node.held.has(chunk)) node.open.add(chunk)
  }

  #end(request: Request): void {
    if (request.isOver) return
    const { from } = request.link
    request.isOver = true
    request.link.requests.delete(request)
    from.underWay--
    for (const chunk of request.open) this.#release(from, chunk)
    this.#schedule(from)
  }

  #arrived(request: Request, chunk: number): void {
    const { from: node } = request.link
    if (request.isOver || node.held.has(chunk)) this.#wasted += this.#chunkBytes
    if (request.isOver) return
    request.open.delete(chunk)
    if (!node.held.has(chunk)) this.#take(node, chunk)
    this.#release(node, chunk)
    if (request.open.size === 0) this.#end(request)
    if (node.asked[chunk]! === 0) return
    for (const { requests } of node.links.values())
      for (const other of requests)
        if (other.open.has(chunk) && [...other.open].every(open => node.held.has(open))) this.#end(other)
  }

  #take(node: Node, chunk: number): void {
    node.held.add(chunk)
    node.arrivedAt = this.#clock.now
    for (const other of node.links.keys()) {
      other.holders[chunk]!++
      if (other.open.has(chunk)) this.#askAll(other.links.get(node)!)
    }
    if (--node.missing > 0) return
    node.finishedAt = this.#clock.now
    this.#unfinished--
  }

  // ---- the provider's side

  /** Sends to whose turn it is, one chunk after the other. */
  #serve(node: Node): void {
    if (node.isSending) return
    for (;;) {
      const request = node.takeWaiting()
      if (request === undefined) return
      if (request.isOver) continue
      const chosen = choose(request.candidates, chunk => node.served[chunk]!, request.count)
      for (const chunk of chosen) node.served[chunk]!++
      request.isServed = true
      node.isSending = true
      this.#clock.after(HALF_TRIP_MS, () => this.#chosen(request, chosen))
      this.#sendChunk(request, chosen, 0)
      return
    }
  }

  /** The fetcher hears what will come: the rest may be asked of others. */
  #chosen(request: Request, chosen: readonly number[]): void {
    if (request.isOver) return
    for (const chunk of request.open) {
      if (chosen.includes(chunk)) continue
      request.open.delete(chunk)
      this.#release(request.link.from, chunk)
    }
    this.#schedule(request.link.from)
  }

  #sendChunk(request: Request, chosen: readonly number[], at: number): void {
    const { from: taker, to: node } = request.link
    const chunk = chosen[at]
    if (chunk === undefined || request.isOver) {
      node.isSending = false
      this.#serve(node)
      return
    }
    const { life } = node
    const { now } = this.#clock
    const sentMs = this.#chunkBytes / node.line.up
    taker.downFreeAt = Math.max(taker.downFreeAt, now) + this.#chunkBytes / taker.line.down
    const arrivalMs = Math.max(now + sentMs, taker.downFreeAt) - now
    this.#clock.after(sentMs, () => {
      if (node.life !== life) return
      node.sent += this.#chunkBytes
      this.#sendChunk(request, chosen, at + 1)
    })
    this.#clock.after(arrivalMs + HALF_TRIP_MS, () => {
      request.link.rate = this.#chunkBytes / arrivalMs
      this.#arrived(request, chunk)
    })
  }
}
