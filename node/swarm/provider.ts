/**
 * Hands out the chunks of the bases this node holds, and of those that still arrive what has been verified. It says
 * nothing of what it holds beyond the base it is asked for.
 *
 * Memory is bounded over all peers, not for each: so many requests are sent chunks at once, one of each peer in turn,
 * the others wait as requests of a few bytes; of what is sent a chunk or two lie in memory, and a peer that does not
 * take them is dropped. An upload limit goes over all of them too, and with one fewer are served at once, so that a
 * whole chunk arrives soon somewhere, from where it spreads. Leaves to the chunk source where the bytes lie
 * (node/store), and to the fetcher to check them: a provider does not hash what it sends. Rejected: pushing; whoever
 * needs a chunk asks for it.
 */
import { decodeMessage } from '../../protocol/canonical.ts'
import type { Duplex } from '../../protocol/duplex.ts'
import { OppuError } from '../../protocol/errors.ts'
import {
  decodeBaseRequest,
  encodeChunksAnswer,
  encodeHoldings,
  encodeManifestAnswer,
  encodeOutlineAnswer,
  type PassedManifest,
} from '../../protocol/exchange.ts'
import { type BaseId, idFromBytes } from '../../protocol/ids.ts'
import { CHUNK_LIMITS, MIB, PROTOCOLS, SWARM_LIMITS } from '../../protocol/limits.ts'
import { encodeManifest } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { type Answer, serve } from '../../protocol/rpc.ts'
import type { ChunkSource } from '../store/chunks.ts'
import type { Peer } from './peer.ts'
import { ProvidedBase } from './provided-base.ts'
import { RateLimit } from './rates.ts'
import { type Turn, Turns } from './turns.ts'

export interface ProviderOptions {
  /** Bytes a second over all peers; no limit where absent. */
  readonly uploadLimit?: number | undefined
  /** What a coordinator signed about a base, to be passed on with its manifest. */
  readonly published?: (id: BaseId) => Promise<Omit<PassedManifest, 'manifest'> | undefined>
}

/** A chunk that is being read before it is needed; to be taken once. */
interface ReadAhead {
  take(): Promise<Uint8Array>
}

interface Caller {
  readonly signal: AbortSignal
  /** Waits at most `ms` for this peer's turn to be sent chunks; false when there was none. */
  readonly takeTurn: (ms: number) => Promise<boolean>
}

/** Who does not say how long he waits for a reply waits 15 s at least. */
const UNSAID_WAIT_MS = 10_000
/**
 * What is sent at once: with yamux's 12 bytes it fills a frame of noise. Small pieces keep a limited rate even, and the
 * other side, which holds a piece until it is whole, from holding more.
 */
const PIECE_BYTES = 65_507
/** With a limit, so many are served at once that a chunk of 1 MiB takes each of them about half a second. */
const LIMITED_TURN_S = 0.5

export class Provider implements AsyncDisposable {
  readonly #peer: Peer
  readonly #options: ProviderOptions
  readonly #bases = new Map<BaseId, ProvidedBase>()
  readonly #turns: Turns
  readonly #limit: RateLimit
  #aheadBytes = 0
  #closed = false

  private constructor(peer: Peer, options: ProviderOptions) {
    this.#peer = peer
    this.#options = options
    const { uploadLimit } = options
    const atOnce =
      uploadLimit === undefined
        ? SWARM_LIMITS.served
        : Math.min(SWARM_LIMITS.served, Math.max(2, Math.round((uploadLimit * LIMITED_TURN_S) / MIB)))
    const limitedMs = uploadLimit === undefined ? 0 : (2000 * atOnce * MIB) / uploadLimit
    const turnMs = SWARM_LIMITS.turnMs + limitedMs
    this.#turns = new Turns({ atOnce, waiting: SWARM_LIMITS.waiting, turnMs })
    this.#limit = new RateLimit(uploadLimit)
  }

  /** Starts to answer for `bases` on `peer`, which stays the caller's to close. One provider a peer. */
  static async open(
    peer: Peer,
    bases: readonly ChunkSource[] = [],
    options: ProviderOptions = {},
  ): Promise<Provider> {
    const provider = new Provider(peer, options)
    for (const base of bases) provider.add(base)
    await peer.handle(
      PROTOCOLS.chunks,
      { category: 'chunk', maximumStreams: CHUNK_LIMITS.streamsPerConnection },
      (duplex, caller) => provider.#serve(duplex, caller, CHUNK_LIMITS.request, provider.#answerOld),
    )
    await peer.handle(
      PROTOCOLS.swarm,
      { category: 'chunk', maximumStreams: SWARM_LIMITS.streamsPerConnection },
      (duplex, caller) => provider.#serve(duplex, caller, SWARM_LIMITS.request, provider.#answer),
    )
    return provider
  }

  /** Provides one more base, or what is there of it; it must stay readable until `remove` or `close`. */
  add(base: ChunkSource): BaseId {
    if (this.#closed) throw new OppuError('CLOSED', 'the provider is closed')
    const { id } = base.outline
    this.#bases.get(id)?.close()
    this.#bases.set(id, new ProvidedBase(base))
    return id
  }

  remove(id: BaseId): void {
    this.#bases.get(id)?.close()
    this.#bases.delete(id)
  }

  /** Ids of what is provided now. */
  bases(): BaseId[] {
    return [...this.#bases.keys()]
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const id of this.bases()) this.remove(id)
    await this.#peer.unhandle(PROTOCOLS.chunks)
    await this.#peer.unhandle(PROTOCOLS.swarm)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** One call; `answer` may take a turn, which ends with the call whatever becomes of it. */
  async #serve(
    duplex: Duplex,
    { remote, signal: closing }: { readonly remote: string; readonly signal: AbortSignal },
    maximumRequest: number,
    answer: (request: Uint8Array, caller: Caller) => Promise<Answer>,
  ): Promise<void> {
    const [turns, lost]: [Turn[], AbortController] = [[], new AbortController()]
    let isOver = false
    const onLost = (reason: OppuError) => lost.abort(reason)
    try {
      await serve(
        duplex,
        (request, { signal }) =>
          answer.call(this, request, {
            signal,
            takeTurn: async ms => {
              const turn = await this.#turns.take(remote, ms, signal, onLost)
              if (turn === undefined) return false
              if (isOver) turn.giveBack()
              else turns.push(turn)
              return true
            },
          }),
        {
          maximumRequest,
          signal: AbortSignal.any([closing, lost.signal]),
          answerMs: 2 * SWARM_LIMITS.waitMs,
          sendMs: SWARM_LIMITS.takeMs,
        },
      )
    } finally {
      isOver = true
      for (const turn of turns) turn.giveBack()
    }
  }

  async #answer(request: Uint8Array, caller: Caller): Promise<Answer> {
    const { id, ask } = decodeBaseRequest(request)
    const base = this.#base(id)
    const { outline } = base.source
    switch (ask.kind) {
      case 'manifest': {
        await this.#turnFor(caller)
        const passed = await this.#options.published?.(id)
        const manifest = encodeManifest(outline.manifest)
        return { body: encodeManifestAnswer({ keys: [], ...passed, manifest }) }
      }
      case 'outline': {
        const known = ask.file < outline.manifest.files.length
        const chunks = known ? outline.firstOf(ask.file + 1) - outline.firstOf(ask.file) : 0
        if (ask.first + ask.count > chunks)
          throw new OppuError('INVALID_ARGUMENT', 'a range that the base does not have')
        await this.#turnFor(caller)
        return { body: encodeOutlineAnswer(outline.part(ask.file, ask.first, ask.count)) }
      }
      case 'holdings': {
        await base.changed(ask.revision, ask.waitMs, caller.signal)
        return { body: encodeHoldings(base.holdings()) }
      }
      case 'chunks': {
        if (ask.candidates.some(chunk => chunk >= outline.count))
          throw new OppuError('INVALID_ARGUMENT', 'a chunk that the base does not have')
        const chosen = await this.#choose(base, ask, caller)
        return { body: encodeChunksAnswer(chosen), stream: this.#stream(base, chosen) }
      }
    }
  }

  /** Waits for one of the candidates to be here, and for the peer's turn; then chooses. None when that took too long. */
  async #choose(
    base: ProvidedBase,
    ask: { readonly candidates: readonly number[]; readonly count: number; readonly waitMs: number },
    { signal, takeTurn }: Caller,
  ): Promise<number[]> {
    const until = performance.now() + ask.waitMs
    while (!base.hasAny(ask.candidates)) {
      const left = until - performance.now()
      if (left <= 0 || base.source.complete) return [] // nothing more will come
      await base.changed(base.revision, left, signal)
    }
    if (!(await takeTurn(Math.max(0, until - performance.now())))) return []
    return base.choose(ask.candidates, ask.count)
  }

  async #answerOld(request: Uint8Array, caller: Caller): Promise<Answer> {
    const message = decodeMessage(oppu.ChunkRequest, request, CHUNK_LIMITS.request, 'a chunk request')
    const { file, firstChunk, chunkCount } = message
    if (message.baseId.length !== 32)
      throw new OppuError('PROTOCOL_VIOLATION', 'a chunk request without a base id')
    const base = this.#base(idFromBytes<BaseId>(message.baseId))
    const { outline } = base.source
    const known = file < outline.manifest.files.length
    const chunks = known ? outline.firstOf(file + 1) - outline.firstOf(file) : 0
    if (chunkCount < 1 || firstChunk + chunkCount > chunks)
      throw new OppuError('INVALID_ARGUMENT', 'a range that the base does not have')
    if (chunkCount > CHUNK_LIMITS.chunks)
      throw new OppuError('TOO_LARGE', 'a range of more than one request may ask for')
    const first = outline.firstOf(file) + firstChunk
    const range = Array.from({ length: chunkCount }, (_, i) => first + i)
    if (!range.every(chunk => base.source.has(chunk)))
      throw new OppuError('NOT_FOUND', 'a chunk that is not here yet')
    const stream = this.#stream(base, range)
    if (stream.length > CHUNK_LIMITS.streamBytes)
      throw new OppuError('TOO_LARGE', 'a range of more than one request may ask for')
    await this.#turnFor(caller)
    base.choose(range, chunkCount)
    return { body: new Uint8Array(), stream }
  }

  /** A turn for a large answer to whoever does not say how long he waits. */
  async #turnFor({ takeTurn }: Caller): Promise<void> {
    if (!(await takeTurn(UNSAID_WAIT_MS))) throw new OppuError('UNAVAILABLE', 'too many requests are waiting')
  }

  #stream(base: ProvidedBase, chunks: readonly number[]) {
    const length = chunks.reduce((sum, chunk) => sum + base.source.outline.length(chunk), 0)
    return { length, parts: this.#parts(base, chunks) }
  }

  /** Reads one chunk ahead of what the other side has taken where that is cheap. */
  async *#parts(base: ProvidedBase, chunks: readonly number[]): AsyncGenerator<Uint8Array> {
    const limited = this.#options.uploadLimit !== undefined
    let next: ReadAhead | undefined
    try {
      for (const [at, chunk] of chunks.entries()) {
        const ahead = next
        next = undefined // it is to be taken once, also where that fails
        const bytes = await (ahead === undefined ? base.read(chunk) : ahead.take())
        const after = chunks[at + 1]
        next = after === undefined || limited ? undefined : this.#readAhead(base, after)
        for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
          const piece = bytes.subarray(from, from + PIECE_BYTES)
          await this.#limit.take(piece.length)
          yield piece
        }
      }
    } finally {
      await next?.take().catch(() => {}) // nobody waits for it any more
    }
  }

  #readAhead(base: ProvidedBase, chunk: number): ReadAhead | undefined {
    const length = base.source.outline.length(chunk)
    if (this.#aheadBytes + length > SWARM_LIMITS.readAheadBytes) return undefined
    this.#aheadBytes += length
    const reading = base.read(chunk)
    reading.catch(() => {}) // thrown where it is taken
    return { take: () => reading.finally(() => (this.#aheadBytes -= length)) }
  }

  #base(id: BaseId): ProvidedBase {
    const base = this.#bases.get(id)
    if (base === undefined) throw new OppuError('NOT_FOUND', 'a base that is not provided here')
    return base
  }
}
