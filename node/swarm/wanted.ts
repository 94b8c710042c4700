/**
 * What a pull lacks: who holds it, who was asked for it and when, and so what to ask whom for next. Leaves to
 * selection.ts which of it comes first.
 */
import { ChunkSet } from '../../protocol/chunk-set.ts'
import { CHUNK_LIMITS, SWARM_LIMITS } from '../../protocol/limits.ts'
import type { ChunkSink } from '../store/chunks.ts'
import type { Remote } from './remote.ts'
import type { OpenRequest } from './requests.ts'
import { candidateCount, endGame, NOT_RARE, type Pending, type Random, rank, spares } from './selection.ts'

/** The requests that are under way. */
export interface UnderWay {
  /** To the peer that is to be asked. */
  readonly mine: Iterable<OpenRequest>
  /** Peers that share in the work. */
  readonly peers: number
  /** Ask this peer only for what few hold. */
  readonly rareOnly: boolean
  readonly random: Random
}

/** Chunks that one request may ask for at the end, when others were asked for them too. */
const END_GAME_CHUNKS = 4
/** What a peer takes for a chunk, before it was measured. */
const UNKNOWN_MS = 1000

export class Wanted {
  readonly #into: ChunkSink
  readonly #missing = new Set<number>()
  /** Peers that hold each chunk, and peers that were asked for it. */
  readonly #holders: Uint16Array
  readonly #asked: Uint16Array
  readonly #askedAt: Float64Array
  /** Bytes that were missing at the start. */
  readonly bytes: number

  constructor(into: ChunkSink) {
    const { outline } = into
    this.#into = into
    this.#holders = new Uint16Array(outline.count)
    this.#asked = new Uint16Array(outline.count)
    this.#askedAt = new Float64Array(outline.count)
    let bytes = 0
    for (let chunk = 0; chunk < outline.count; chunk++) {
      if (into.has(chunk)) continue
      this.#missing.add(chunk)
      bytes += outline.length(chunk)
    }
    this.bytes = bytes
  }

  /** Chunks that are missing. */
  get size(): number {
    return this.#missing.size
  }

  delete(chunk: number): void {
    this.#missing.delete(chunk)
  }

  /** Notes what a peer holds: everything where `held` is absent, nothing where it is `gone`. */
  holds(remote: Remote, held: ChunkSet | undefined, gone = false): void {
    const { count } = this.#into.outline
    const before = remote.held
    const after = gone ? undefined : (held ?? ChunkSet.full(count))
    for (let chunk = 0; chunk < count; chunk++)
      this.#holders[chunk]! += Number(after?.has(chunk) ?? false) - Number(before?.has(chunk) ?? false)
    remote.held = after
  }

  /** What to ask a peer for: `count` of these. None when there is nothing to ask it for now. */
  candidates(remote: Remote, count: number, { mine, peers, rareOnly, random }: UnderWay): readonly number[] {
    let askable = 0
    for (const chunk of this.#missing) if (this.#isAskable(chunk, remote, rareOnly)) askable++
    if (askable > 0) {
      const most = remote.old ? 1 : candidateCount(askable, peers, count, SWARM_LIMITS.candidates)
      const ranked = rank(this.#askable(remote, rareOnly), chunk => this.#holders[chunk]!, random, most)
      return remote.old ? this.#run(ranked[0]!, Math.min(count, CHUNK_LIMITS.chunks)) : ranked
    }
    if (rareOnly) return []
    const { rate } = remote
    const chunkBytes = this.#into.outline.bytes / this.#into.outline.count
    const expectedMs = rate === undefined ? UNKNOWN_MS : UNKNOWN_MS / 2 + (2000 * chunkBytes) / rate
    const open = [...mine]
    const elsewhere = this.#pending(remote).filter(
      ({ chunk }) => !open.some(request => request.open.has(chunk)),
    )
    return endGame(elsewhere, expectedMs, remote.old ? 1 : Math.min(count, END_GAME_CHUNKS))
  }

  /** What a peer holds, is missing, and nobody was asked for. */
  *#askable(remote: Remote, rareOnly: boolean): Generator<number> {
    for (const chunk of this.#missing) if (this.#isAskable(chunk, remote, rareOnly)) yield chunk
  }

  #isAskable(chunk: number, remote: Remote, rareOnly: boolean): boolean {
    return this.#asked[chunk] === 0 && remote.has(chunk) && (!rareOnly || this.#isRare(chunk))
  }

  hasRare(chunks: Iterable<number>): boolean {
    for (const chunk of chunks) if (this.#isRare(chunk)) return true
    return false
  }

  #isRare(chunk: number): boolean {
    return this.#holders[chunk]! < NOT_RARE
  }

  /** From `first` on, what nobody was asked for and follows in the same file. */
  #run(first: number, most: number): number[] {
    const { outline } = this.#into
    const end = outline.firstOf(outline.fileOf(first) + 1)
    const run = [first]
    for (let chunk = first + 1; chunk < end && run.length < most; chunk++) {
      if (!this.#missing.has(chunk) || this.#asked[chunk] !== 0) break
      run.push(chunk)
    }
    return run
  }

  /** What a peer holds, is missing, and somebody was asked for. */
  #pending(remote: Remote): Pending[] {
    const now = performance.now()
    const pending: Pending[] = []
    for (const chunk of this.#missing) {
      const asked = this.#asked[chunk]!
      if (asked > 0 && remote.has(chunk)) pending.push({ chunk, asked, ageMs: now - this.#askedAt[chunk]! })
    }
    return pending
  }

  ask(chunks: readonly number[], now: number): void {
    for (const chunk of chunks) {
      this.#asked[chunk]!++
      this.#askedAt[chunk] = now
    }
  }

  release(chunks: Iterable<number>): void {
    for (const chunk of chunks) this.#asked[chunk]!--
  }
}

/** Whether this peer alone holds everything, and others bring the rest well enough. */
export function isSpared(remote: Remote, live: readonly Remote[]): boolean {
  const isWhole = ({ held }: Remote) => held !== undefined && held.size === held.count
  if (!isWhole(remote)) return false
  const others = live.filter(other => other !== remote)
  return (
    !others.some(isWhole) &&
    spares(
      remote.rate,
      others.flatMap(({ rate }) => rate ?? []),
    )
  )
}
