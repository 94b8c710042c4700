/**
 * Pulls a base from the peers that hold it, or parts of it, all at once. A chunk is checked against the outline before
 * the sink sees it, so nothing wrong can be stored; whoever sends a wrong one is dropped and the chunk asked for again
 * elsewhere. What the sink already has is not asked for, so a pull that was cut short, or ended by its signal, goes on
 * where it stopped.
 *
 * The scheduler runs whenever something changes: it gives every peer as many requests as its link needs, for what is
 * rarest, and at the end asks others too for what is late. Bytes under way are bounded over all peers and land in
 * memory that is used again. Leaves to selection.ts which chunks, to remote.ts how a peer is asked, to the sink where
 * chunks lie and what survives a crash.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { RPC_LIMITS, SWARM_LIMITS } from '../../protocol/limits.ts'
import type { ChunkSink } from '../store/chunks.ts'
import { Buffers } from './buffers.ts'
import { type Addresses, eachAddress } from './found.ts'
import { Patience } from './patience.ts'
import { type Peer, peerIdOf } from './peer.ts'
import { RateLimit } from './rates.ts'
import { Remote } from './remote.ts'
import { type OpenRequest, Requests, UNDER_WAY_BYTES } from './requests.ts'
import { seededRandom, sizing } from './selection.ts'
import { type Dropped, type FetchProgress, nobodyLeft, Tally } from './tally.ts'
import { isSpared, Wanted } from './wanted.ts'

export type { FetchProgress } from './tally.ts'

export interface FetchResult extends FetchProgress {
  /** Chunks asked for again because what came was wrong. */
  readonly refetchedChunks: number
  /** Right bytes that came twice, at the end. */
  readonly duplicateBytes: number
  /** Peers that were given up, and why. */
  readonly dropped: readonly Dropped[]
}

export interface FetchOptions {
  readonly peer: Peer
  /** Addresses, each ending in `/p2p/<id>`; several of one peer are alternatives. They may come while the pull runs. */
  readonly providers: Addresses
  readonly into: ChunkSink
  readonly onProgress?: (progress: FetchProgress) => void
  /** Bytes a second over all peers; no limit where absent. */
  readonly downloadLimit?: number | undefined
  /** A peer that brings less than 64 KiB in this span is dropped. */
  readonly windowMs?: number
  /**
   * The pull fails when nothing was under way for this long: nobody who can be reached has what is missing. While peers
   * are asked but no byte comes it waits ten times as long: they may be busy with others, but not for ever. Nor may bytes
   * come for so long without one whole chunk.
   */
  readonly stallMs?: number
  /** Of the random order of equally rare chunks. */
  readonly seed?: number
  readonly signal?: AbortSignal
}

/** A request that takes so many times as long as it was sized for is taken back when no more may be under way. */
const LATE_FACTOR = 10
/** A peer that was given up because it could not be reached is tried again after this long, while there are others. */
const REVIVE_MS = 15_000
/** Between two questions what a peer holds. */
const HOLDINGS_MS = 200
const TICK_MS = 250
/** When nobody brought a chunk for so long, the first holder is asked for any. */
const PATIENCE_MS = 2000
/** An answer without a chunk that comes before this share of the time asked for says that the peer has none. */
const EMPTY_SHARE = 0.5

/**
 * Pulls what `into` lacks and calls its `finish`. Nothing is lost on failure: the sink keeps what it has.
 * @throws OppuError NO_PROVIDER, TIMEOUT, HASH_MISMATCH (why the last peers were given up), what the sink throws
 * (such as DISK_FULL), INVALID_ARGUMENT for an address; the signal's reason.
 */
export async function fetchBase(options: FetchOptions): Promise<FetchResult> {
  options.signal?.throwIfAborted()
  return new Fetch(options).run()
}

class Fetch {
  readonly #options: FetchOptions
  readonly #wanted: Wanted
  readonly #remotes = new Map<string, Remote>()
  readonly #requests = new Requests()
  readonly #stop = new AbortController()
  readonly #done = Promise.withResolvers<void>()
  readonly #random: () => number
  readonly #limit: RateLimit
  readonly #buffers = new Buffers(UNDER_WAY_BYTES)
  readonly #chunkBytes: number
  readonly #tally: Tally
  readonly #patience: Patience
  readonly #writing = new Set<number>()
  #searching = true
  #scheduled = false

  constructor(options: FetchOptions) {
    this.#options = options
    const { into, seed = Math.random() * 2 ** 32, downloadLimit } = options
    this.#wanted = new Wanted(into)
    this.#chunkBytes = into.outline.bytes / Math.max(1, into.outline.count)
    const { bytes } = into.outline
    this.#tally = new Tally(bytes - this.#wanted.bytes, bytes, options.onProgress)
    this.#random = seededRandom(seed)
    this.#limit = new RateLimit(downloadLimit)
    this.#patience = new Patience(options.stallMs)
  }

  async run(): Promise<FetchResult> {
    const { signal, into } = this.#options
    const onAbort = () => this.#fail(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const tick = setInterval(() => this.#tick(), TICK_MS)
    const search = this.#wanted.size === 0 ? Promise.resolve() : this.#search()
    try {
      if (this.#wanted.size > 0) await this.#done.promise
      this.#stop.signal.throwIfAborted()
      this.#stop.abort()
      await search
      await into.finish()
      this.#tally.report()
      const { wrongChunks: refetchedChunks, duplicateBytes } = this.#tally
      return { ...this.#tally.progress(), refetchedChunks, duplicateBytes, dropped: this.#dropped() }
    } finally {
      this.#stop.abort()
      clearInterval(tick)
      signal?.removeEventListener('abort', onAbort)
      await this.#settled()
    }
  }

  /** Takes up peers as their addresses come. */
  async #search(): Promise<void> {
    const { providers, peer } = this.#options
    try {
      await eachAddress(providers, this.#stop.signal, address => {
        const id = peerIdOf(address)
        if (id !== peer.id) this.#meet(id, address)
      })
    } catch (error) {
      this.#fail(error)
    }
    this.#searching = false
    this.#schedule()
  }

  #meet(id: string, address: string): void {
    const known = this.#remotes.get(id)
    if (known !== undefined) {
      if (!known.addresses.includes(address)) known.addresses.push(address)
      return
    }
    const { peer, into, windowMs = RPC_LIMITS.windowMs } = this.#options
    const remote = new Remote({ peer, outline: into.outline, id, address, windowMs })
    this.#remotes.set(id, remote)
    void this.#watch(remote)
  }

  /** Keeps up what a peer holds, until it holds everything or is given up. */
  async #watch(remote: Remote): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, remote.stop.signal])
    let revision = 0
    while (!signal.aborted) {
      try {
        const wait = revision === 0 ? 0 : SWARM_LIMITS.waitMs
        const holdings = await remote.holdings(revision, wait, signal)
        if (holdings === undefined && this.#options.into.outline.manifest.version !== 1)
          throw new OppuError('PROTOCOL_VIOLATION', `${remote.id} speaks an old protocol only`)
        remote.old = holdings === undefined
        this.#wanted.holds(remote, holdings?.held)
        this.#requests.withdraw(
          remote => this.#spares(remote),
          chunks => this.#wanted.hasRare(chunks),
        )
        revision = holdings?.revision ?? 0
        this.#schedule()
        if (remote.held?.size === remote.held?.count) return
        await sleep(HOLDINGS_MS, undefined, { signal })
      } catch (error) {
        if (signal.aborted) return
        this.#judge(remote, error)
        await sleep(remote.pauseMs, undefined, { signal }).catch(() => {}) // looked at above
      }
    }
  }

  /** Runs the scheduler soon; once for many changes. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (!this.#stop.signal.aborted) this.#launch()
    })
  }

  #launch(): void {
    if (this.#wanted.size === 0) this.#done.resolve()
    const live = this.#live()
    if (live.length === 0 && !this.#searching && this.#requests.size === 0)
      this.#fail(nobodyLeft(this.#dropped()))
    const asked = live.filter(({ held }) => held !== undefined)
    const underWay = (remote: Remote) => this.#requests.of(remote).size
    for (const remote of asked.sort((a, b) => underWay(a) - underWay(b))) {
      while (this.#limit.debtMs() === 0 && this.#requests.hasRoomFor(remote)) if (!this.#ask(remote)) break
    }
  }

  /** Sends one more request to a peer, if it should have one now. */
  #ask(remote: Remote): boolean {
    const requests = this.#requests.of(remote)
    const link = { rate: this.#requests.isFull ? undefined : remote.rate, roundTripMs: remote.roundTripMs }
    const { chunks: count, depth } = sizing(link, this.#chunkBytes, SWARM_LIMITS.chunks)
    if (requests.size >= depth || performance.now() < remote.pausedUntil) return false
    const candidates = this.#wanted.candidates(remote, count, {
      mine: requests,
      peers: depth * this.#live().length,
      rareOnly: this.#spares(remote),
      random: this.#random,
    })
    if (candidates.length === 0) return false
    void this.#request(remote, candidates, Math.min(count, candidates.length))
    return true
  }

  /** Whether to ask this peer for what is rare only. */
  #spares(remote: Remote): boolean {
    return this.#patience.sinceArrivalMs < PATIENCE_MS && isSpared(remote, this.#live())
  }

  #live(): Remote[] {
    return [...this.#remotes.values()].filter(({ dropped }) => dropped === undefined)
  }

  async #request(remote: Remote, candidates: readonly number[], count: number): Promise<void> {
    const requests = this.#requests.of(remote)
    const lengthOf = (chunk: number) => this.#options.into.outline.length(chunk)
    let reserved = count * this.#chunkBytes
    const sent = performance.now()
    const expectedMs = remote.rate === undefined ? 0 : (1000 * reserved) / remote.rate
    const request: OpenRequest = {
      stop: new AbortController(),
      open: new Set(candidates),
      chosen: remote.old,
      due: sent + SWARM_LIMITS.waitMs + LATE_FACTOR * expectedMs,
    }
    const arriving: Promise<void>[] = []
    requests.add(request)
    this.#wanted.ask(candidates, sent)
    this.#requests.bytes += reserved
    this.#limit.reserve(reserved)
    const give = (chunk: number) => {
      if (request.open.delete(chunk)) this.#wanted.release([chunk])
    }
    let came = 0
    try {
      await remote.chunks(
        {
          candidates,
          count,
          place: chunk => this.#buffers.take(lengthOf(chunk)),
          onChosen: chunks => {
            const chosen = new Set(chunks)
            came = chunks.length
            request.chosen = true
            for (const chunk of [...request.open]) if (!chosen.has(chunk)) give(chunk)
            const actual = chunks.reduce((sum, chunk) => sum + lengthOf(chunk), 0)
            this.#requests.bytes += actual - reserved
            this.#limit.reserve(actual - reserved)
            reserved = actual
            this.#schedule()
          },
          onChunk: (chunk, bytes) => {
            this.#patience.active()
            arriving.push(this.#accept(remote, chunk, bytes).finally(() => give(chunk)))
          },
          onBroken: bytes => this.#buffers.giveBack(bytes),
        },
        AbortSignal.any([this.#stop.signal, remote.stop.signal, request.stop.signal]),
      )
      if (came === 0) this.#disappointed(remote, performance.now() - sent)
    } catch (error) {
      if (!request.stop.signal.aborted) this.#judge(remote, error)
    } finally {
      await Promise.all(arriving)
      for (const chunk of [...request.open]) give(chunk)
      requests.delete(request)
      this.#requests.bytes -= reserved
      this.#schedule()
    }
  }

  /** Checks one chunk and stores it. A wrong one ends its peer; what the sink throws ends the whole pull. */
  async #accept(remote: Remote, chunk: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { into } = this.#options
    const isTwice = into.has(chunk) || this.#writing.has(chunk)
    try {
      const isRight = isTwice ? into.outline.matches(chunk, bytes) : await this.#keep(chunk, bytes)
      if (!isRight) {
        this.#tally.wrongChunks++
        const { path } = into.outline.manifest.files[into.outline.fileOf(chunk)]!
        const what = `${remote.id} sent a wrong chunk ${chunk} (of ${path})`
        this.#judge(remote, new OppuError('HASH_MISMATCH', what))
      } else if (isTwice) {
        this.#tally.duplicateBytes += bytes.length
      } else {
        remote.succeeded()
        this.#arrived(remote, chunk, bytes.length)
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#buffers.giveBack(bytes)
  }

  async #keep(chunk: number, bytes: Uint8Array): Promise<boolean> {
    this.#writing.add(chunk)
    try {
      return await this.#options.into.take(chunk, bytes)
    } finally {
      this.#writing.delete(chunk)
    }
  }

  #arrived(remote: Remote, chunk: number, length: number): void {
    this.#wanted.delete(chunk)
    this.#patience.arrived()
    this.#tally.arrived(remote.id, length)
    this.#requests.arrived(chunk, open => this.#options.into.has(open))
    this.#schedule()
  }

  /** A peer that said it holds chunks sent none: it may be busy, but not when it said so at once. */
  #disappointed(remote: Remote, afterMs: number): void {
    const { windowMs = RPC_LIMITS.windowMs } = this.#options
    if (afterMs > EMPTY_SHARE * Math.min(SWARM_LIMITS.waitMs, windowMs)) return
    this.#judge(remote, new OppuError('UNAVAILABLE', `${remote.id} sends no chunks that it says it holds`))
  }

  /** What an error of one request means for its peer. */
  #judge(remote: Remote, error: unknown): void {
    if (this.#stop.signal.aborted || remote.dropped !== undefined) return
    if (!isOppuError(error) || error.code === 'CLOSED') {
      this.#fail(error)
      return
    }
    if (remote.failed(error)) this.#drop(remote, error)
  }

  #drop(remote: Remote, error: OppuError): void {
    remote.dropped = error
    this.#wanted.holds(remote, undefined, true)
    remote.stop.abort(error)
    if (isOppuError(error, 'CONNECTION_FAILED') || isOppuError(error, 'TIMEOUT'))
      void sleep(REVIVE_MS, undefined, { signal: this.#stop.signal, ref: false }).then(
        () => this.#revive(remote),
        () => {}, // the pull is over
      )
    this.#schedule()
  }

  #revive(remote: Remote): void {
    remote.revive()
    void this.#watch(remote)
  }

  #tick(): void {
    const now = performance.now()
    this.#requests.withdrawLate(now)
    const goings = {
      // One that is to be asked again after a pause is given up in time, and then says why.
      isAlive: this.#live().some(({ rate, pausedUntil }) => rate !== undefined || pausedUntil > now),
      isBusy: this.#requests.bytes > 0,
      isSearching: this.#searching,
    }
    if (this.#patience.isOver(goings))
      this.#fail(new OppuError('NO_PROVIDER', `no peer sends the last ${this.#wanted.size} chunks`))
    this.#schedule()
  }

  /** Ends the pull with `error`; the first call wins. */
  #fail(error: unknown): void {
    this.#stop.abort(error)
    this.#done.resolve()
  }

  /** Waits for what still writes, so that whoever owns the sink may close it. */
  async #settled(): Promise<void> {
    while (this.#requests.size > 0) await sleep(5)
  }

  #dropped(): Dropped[] {
    return [...this.#remotes.values()].flatMap(({ id, dropped }) =>
      dropped === undefined ? [] : [{ peer: id, error: dropped }],
    )
  }
}
