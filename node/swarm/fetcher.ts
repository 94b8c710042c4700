/**
 * Pulls a base from the peers that hold it. A chunk is checked against the manifest before the sink sees it, so
 * nothing wrong can be stored; whoever sends a wrong one is dropped and the chunk asked for again elsewhere. What
 * the sink already has is not asked for, so a pull that was cut short goes on where it stopped.
 *
 * Requests in flight are few and their bytes land in buffers made beforehand, which bounds the memory whatever the
 * peers do. Leaves to the sink where chunks lie and what survives a crash. The order of chunks is the manifest's;
 * rarest first, end-game and rates come with the swarm issue and would replace `#take`.
 */
import { setTimeout } from 'node:timers/promises'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { idToBytes } from '../../protocol/ids.ts'
import { CHUNK_LIMITS, MIB, PROTOCOLS, RPC_LIMITS, TRANSPORT } from '../../protocol/limits.ts'
import { HashedChunk } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import type { Outline } from '../../protocol/outline.ts'
import { call } from '../../protocol/rpc.ts'
import type { ChunkSink } from '../store/chunks.ts'
import { type Peer, peerIdOf } from './peer.ts'

export interface FetchProgress {
  /** Verified bytes, with those that were there before. */
  readonly bytes: number
  readonly totalBytes: number
  /** Over the last seconds. */
  readonly bytesPerSecond: number
  /** Verified bytes of this pull, by peer id. */
  readonly from: Readonly<Record<string, number>>
}

export interface FetchResult extends FetchProgress {
  /** Chunks asked for again because what came was wrong. */
  readonly refetchedChunks: number
  /** Peers that were given up, and why. */
  readonly dropped: readonly { readonly peer: string; readonly error: OppuError }[]
}

export interface FetchOptions {
  readonly peer: Peer
  /** Addresses, each ending in `/p2p/<id>`; several of one peer are alternatives. */
  readonly providers: readonly string[]
  readonly into: ChunkSink
  readonly onProgress?: (progress: FetchProgress) => void
  /** A peer that brings less than 64 KiB in this span is dropped. */
  readonly windowMs?: number
  readonly signal?: AbortSignal
}

const REQUEST_BYTES = 8 * MIB
const REQUESTS_PER_PEER = 2
const REQUESTS_IN_ALL = 8
/** Lost connections in a row, without a chunk in between, after which a peer is given up. */
const STRIKES = 3
/** Doubled with every strike: the pause before the peer is tried again. */
const STRIKE_MS = 100
const PROGRESS_MS = 100
const RATE_MS = 3000

/** Chunks of one file that follow each other. */
interface Range {
  readonly first: number
  readonly count: number
}

interface Source {
  readonly id: string
  readonly addresses: [string, ...string[]]
  strikes: number
  dropped?: OppuError
}

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
  readonly #sources: readonly Source[]
  readonly #queue: Range[] = []
  readonly #stop = new AbortController()
  readonly #from: Record<string, number> = {}
  readonly #samples: { readonly time: number; readonly bytes: number }[] = []
  #change = Promise.withResolvers<void>()
  #inFlight = 0
  #bytes = 0
  #reported = 0
  #refetched = 0
  readonly #outline: Outline
  readonly #id: Uint8Array

  constructor(options: FetchOptions) {
    this.#options = options
    this.#outline = options.into.outline
    this.#id = idToBytes(this.#outline.id)
    this.#sources = groupByPeer(options.providers, options.peer.id)
    for (const file of this.#outline.manifest.files.keys()) {
      const first = this.#outline.firstOf(file)
      this.#enqueueMissing({ first, count: this.#outline.firstOf(file + 1) - first })
    }
    this.#bytes = this.#outline.bytes - this.#queue.reduce((sum, range) => sum + this.#lengthOf(range), 0)
  }

  async run(): Promise<FetchResult> {
    const { signal, into } = this.#options
    const onAbort = () => this.#fail(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      if (this.#queue.length > 0) await this.#pull()
      this.#stop.signal.throwIfAborted()
      if (this.#queue.length > 0) throw this.#reason()
      await into.finish()
      this.#report(true)
      return { ...this.#progress(), refetchedChunks: this.#refetched, dropped: this.#dropped() }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async #pull(): Promise<void> {
    this.#samples.push({ time: performance.now(), bytes: this.#bytes })
    const perPeer = Math.max(
      1,
      Math.min(REQUESTS_PER_PEER, Math.floor(REQUESTS_IN_ALL / Math.max(1, this.#sources.length))),
    )
    const workers = this.#sources.flatMap(source => Array.from({ length: perPeer }, () => this.#work(source)))
    await Promise.all(workers)
  }

  /** One request after the other to one peer, until nothing is left to ask it for. */
  async #work(source: Source): Promise<void> {
    while (source.dropped === undefined && !this.#stop.signal.aborted) {
      const range = this.#inFlight < REQUESTS_IN_ALL ? this.#queue.shift() : undefined
      if (range === undefined) {
        if (this.#queue.length === 0 && this.#inFlight === 0) return
        await this.#change.promise
        continue
      }
      this.#inFlight++
      try {
        await this.#request(source, range)
      } catch (error) {
        this.#judge(source, error)
      } finally {
        this.#enqueueMissing(range)
        this.#inFlight--
        this.#wake()
      }
      if (source.strikes > 0 && source.dropped === undefined)
        await this.#pause(STRIKE_MS * 2 ** source.strikes)
    }
  }

  async #request(source: Source, range: Range): Promise<void> {
    const { peer, windowMs = RPC_LIMITS.windowMs } = this.#options
    const signal = this.#stop.signal
    const file = this.#outline.fileOf(range.first)
    const request = oppu.ChunkRequest.encode({
      baseId: this.#id,
      file,
      firstChunk: range.first - this.#outline.firstOf(file),
      chunkCount: range.count,
    }).finish()
    const expected = this.#lengthOf(range)
    const writes: Promise<void>[] = []
    let chunk = range.first
    let buffer = new Uint8Array(this.#outline.length(chunk))
    let filled = 0
    const consume = (piece: Uint8Array) => {
      for (let rest = piece; rest.length > 0; ) {
        const taken = rest.subarray(0, buffer.length - filled)
        buffer.set(taken, filled)
        filled += taken.length
        rest = rest.subarray(taken.length)
        if (filled < buffer.length) return
        writes.push(this.#accept(source, chunk, buffer))
        chunk++
        filled = 0
        if (chunk < range.first + range.count) buffer = new Uint8Array(this.#outline.length(chunk))
      }
    }
    try {
      const duplex = await peer.dial(source.addresses, PROTOCOLS.chunks, {
        category: 'chunk-request',
        withinMs: Math.min(windowMs, TRANSPORT.dialMs),
        signal,
      })
      await call(duplex, request, {
        maximumReply: CHUNK_LIMITS.reply,
        maximumStream: expected,
        onReply(bytes) {
          if (bytes !== expected)
            throw new OppuError('PROTOCOL_VIOLATION', `${bytes} bytes offered for a range of ${expected}`)
        },
        consume,
        replyMs: windowMs,
        windowMs,
        signal,
      })
    } finally {
      await Promise.all(writes)
    }
  }

  /** Checks one chunk and stores it. Throws at once when it is wrong; what the sink throws ends the whole pull. */
  #accept(source: Source, chunk: number, bytes: Uint8Array): Promise<void> {
    const content = new HashedChunk(bytes)
    if (!this.#outline.matches(chunk, content)) {
      this.#refetched++
      const { path } = this.#outline.manifest.files[this.#outline.fileOf(chunk)]!
      throw new OppuError('HASH_MISMATCH', `${source.id} sent a wrong chunk ${chunk} (in ${path})`)
    }
    source.strikes = 0
    return this.#options.into.write(chunk, content).then(
      () => {
        this.#bytes += bytes.length
        this.#from[source.id] = (this.#from[source.id] ?? 0) + bytes.length
        this.#report(false)
      },
      (error: unknown) => this.#fail(error),
    )
  }

  /** What an error of one request means for its peer. */
  #judge(source: Source, error: unknown): void {
    if (this.#stop.signal.aborted) return
    if (!isOppuError(error) || error.code === 'CLOSED') {
      this.#fail(error)
      return
    }
    const passing = isOppuError(error, 'CONNECTION_FAILED') || isOppuError(error, 'UNAVAILABLE')
    source.strikes++
    if (!passing || source.strikes >= STRIKES) source.dropped ??= error
  }

  /** Puts those chunks of a range that the sink lacks (back) in the queue, in requests of bounded size. */
  #enqueueMissing(range: Range): void {
    const end = range.first + range.count
    let [first, bytes] = [-1, 0]
    for (let chunk = range.first; chunk <= end; chunk++) {
      const missing = chunk < end && !this.#options.into.has(chunk)
      const length = missing ? this.#outline.length(chunk) : 0
      const full = chunk - first === CHUNK_LIMITS.chunks || bytes + length > REQUEST_BYTES
      if (first >= 0 && (!missing || full)) {
        this.#queue.push({ first, count: chunk - first })
        first = -1
      }
      if (missing && first < 0) [first, bytes] = [chunk, 0]
      bytes += length
    }
  }

  /** Ends the pull with `error`; the first call wins. */
  #fail(error: unknown): void {
    this.#stop.abort(error)
    this.#wake()
  }

  async #pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#stop.signal }).catch(() => {}) // the loop looks at the signal
  }

  #wake(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }

  #reason(): OppuError {
    const errors = this.#dropped().map(({ error }) => error)
    const telling =
      errors.find(error => error.code === 'HASH_MISMATCH') ?? errors.find(error => error.code === 'TIMEOUT')
    if (telling !== undefined)
      return new OppuError(telling.code, `no peer is left to pull from: ${telling.message}`, {
        cause: telling,
      })
    const cause = errors[0]
    const why =
      cause === undefined
        ? 'no peer is known to hold the base'
        : `no peer is left to pull from: ${cause.message}`
    return new OppuError('NO_PROVIDER', why, { cause })
  }

  #dropped(): { peer: string; error: OppuError }[] {
    return this.#sources.flatMap(({ id, dropped }) =>
      dropped === undefined ? [] : [{ peer: id, error: dropped }],
    )
  }

  #report(always: boolean): void {
    const { onProgress } = this.#options
    const time = performance.now()
    if (onProgress === undefined || (!always && time - this.#reported < PROGRESS_MS)) return
    this.#reported = time
    this.#samples.push({ time, bytes: this.#bytes })
    while (this.#samples.length > 2 && time - this.#samples[1]!.time > RATE_MS) this.#samples.shift()
    onProgress(this.#progress())
  }

  #progress(): FetchProgress {
    const oldest = this.#samples[0]
    const seconds = oldest === undefined ? 0 : (performance.now() - oldest.time) / 1000
    const bytesPerSecond = oldest === undefined || seconds <= 0 ? 0 : (this.#bytes - oldest.bytes) / seconds
    return { bytes: this.#bytes, totalBytes: this.#outline.bytes, bytesPerSecond, from: { ...this.#from } }
  }

  #lengthOf({ first, count }: Range): number {
    let bytes = 0
    for (let chunk = first; chunk < first + count; chunk++) bytes += this.#outline.length(chunk)
    return bytes
  }
}

/** Own addresses are left out. @throws OppuError INVALID_ARGUMENT for an address without `/p2p/<id>`. */
function groupByPeer(addresses: readonly string[], self: string): Source[] {
  const sources = new Map<string, Source>()
  for (const address of addresses) {
    const id = peerIdOf(address)
    if (id === self) continue
    const known = sources.get(id)
    if (known === undefined) sources.set(id, { id, addresses: [address], strikes: 0 })
    else known.addresses.push(address)
  }
  return [...sources.values()]
}
