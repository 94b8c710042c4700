/**
 * One peer of a pull: how it is reached and asked, what it holds, how fast it is, what it was asked for, and why it was
 * given up. It speaks `/oppu/chunks/2.0.0`, and to a peer that does not, 1.0.0. Leaves to fetcher.ts what to ask whom
 * and whether what came is right.
 */
import type { ChunkSet } from '../../protocol/chunk-set.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import {
  type BaseAsk,
  decodeChunksAnswer,
  decodeHoldings,
  encodeBaseRequest,
  type Holdings,
} from '../../protocol/exchange.ts'
import { idToBytes } from '../../protocol/ids.ts'
import { CHUNK_LIMITS, PROTOCOLS, SWARM_LIMITS, TRANSPORT } from '../../protocol/limits.ts'
import { oppu } from '../../protocol/messages.pb.js'
import type { Outline } from '../../protocol/outline.ts'
import { call } from '../../protocol/rpc.ts'
import type { Peer } from './peer.ts'
import { RateMeter } from './rates.ts'

/** Some chunks asked of one peer. */
export interface ChunkRequest {
  /** The most wanted first; asked of an old peer, exactly these. */
  readonly candidates: readonly number[]
  readonly count: number
  /** Gives the place for the bytes of a chunk that comes now. */
  readonly place: (chunk: number) => Uint8Array<ArrayBuffer>
  /** Told of what the peer chose, before the first byte of it. */
  readonly onChosen: (chunks: readonly number[]) => void
  /** Takes a chunk as it came, unchecked. */
  readonly onChunk: (chunk: number, bytes: Uint8Array<ArrayBuffer>) => void
  /** Takes back the place of one that did not come whole. */
  readonly onBroken: (bytes: Uint8Array<ArrayBuffer>) => void
}

export interface RemoteOptions {
  readonly peer: Peer
  readonly outline: Outline
  readonly id: string
  readonly address: string
  /** A peer that brings less than 64 KiB in this span has failed. */
  readonly windowMs: number
}

const RATE_MS = 3000
/** Failures in a row, without a chunk in between, after which a peer is given up. */
const STRIKES = 3
/** Doubled with every strike: the pause before the peer is asked again. */
const STRIKE_MS = 100

export class Remote {
  readonly id: string
  readonly addresses: [string, ...string[]]
  readonly meter = new RateMeter(RATE_MS)
  /** `undefined` until it was heard of. */
  held: ChunkSet | undefined
  /** Speaks 1.0.0 only, and so holds all of the base. */
  old = false
  /** Milliseconds; the least that was seen. */
  roundTripMs = 200
  /** Not to be asked before, by `performance.now()`. */
  pausedUntil = 0
  dropped: OppuError | undefined

  /** Ends everything asked of this peer. */
  stop = new AbortController()
  readonly #options: RemoteOptions
  #strikes = 0

  constructor(options: RemoteOptions) {
    this.#options = options
    this.id = options.id
    this.addresses = [options.address]
  }

  has(chunk: number): boolean {
    return this.held?.has(chunk) ?? false
  }

  /** Bytes a second that it brought lately; `undefined` before anything came. */
  get rate(): number | undefined {
    const rate = this.meter.perSecond()
    return rate > 0 ? rate : undefined
  }

  /** Milliseconds that it is left alone after a failure. */
  get pauseMs(): number {
    return STRIKE_MS * 2 ** this.#strikes
  }

  /** It brought a right chunk. */
  succeeded(): void {
    this.#strikes = 0
  }

  /** True when it is to be given up for this, or has failed too often. */
  failed(error: OppuError): boolean {
    this.#strikes++
    this.pausedUntil = performance.now() + this.pauseMs
    const isPassing = isOppuError(error, 'CONNECTION_FAILED') || isOppuError(error, 'UNAVAILABLE')
    return !isPassing || this.#strikes >= STRIKES
  }

  /** One more chance for one that was given up. */
  revive(): void {
    this.dropped = undefined
    this.#strikes = STRIKES - 1
    this.stop = new AbortController()
  }

  /**
   * What it holds, when that is more than `revision`, or after `waitMs`; `undefined` where it does not speak 2.0.0.
   * @throws as `dial` and `call`.
   */
  async holdings(revision: number, waitMs: number, signal: AbortSignal): Promise<Holdings | undefined> {
    const ask = { kind: 'holdings', revision, waitMs } as const
    const duplex = await this.#dial(PROTOCOLS.swarm, signal).catch(error => {
      if (error instanceof OppuError && error.code === 'PROTOCOL_VIOLATION') return undefined
      throw error
    })
    if (duplex === undefined) return undefined
    const sent = performance.now()
    const answer = await call(duplex, this.#request(ask), {
      maximumReply: SWARM_LIMITS.reply,
      replyMs: waitMs + this.#options.windowMs,
      signal,
    })
    if (waitMs === 0) this.roundTripMs = Math.min(this.roundTripMs, performance.now() - sent)
    return decodeHoldings(answer, this.#options.outline.count)
  }

  /** Brings what the peer chose of the candidates: perhaps nothing. @throws as `dial` and `call`. */
  async chunks(request: ChunkRequest, signal: AbortSignal): Promise<void> {
    const { outline, windowMs } = this.#options
    const { candidates, count } = request
    const waitMs = Math.min(SWARM_LIMITS.waitMs, windowMs)
    const duplex = await this.#dial(this.old ? PROTOCOLS.chunks : PROTOCOLS.swarm, signal)
    let coming: readonly number[] = []
    let at = 0
    let filled = 0
    let buffer: Uint8Array<ArrayBuffer> | undefined
    const begin = () => {
      const chunk = coming[at]
      buffer = chunk === undefined ? undefined : request.place(chunk)
      filled = 0
    }
    await call(
      duplex,
      this.old ? this.#oldRequest(candidates) : this.#request({ kind: 'chunks', candidates, count, waitMs }),
      {
        maximumReply: this.old ? CHUNK_LIMITS.reply : SWARM_LIMITS.reply,
        maximumStream: this.old ? CHUNK_LIMITS.streamBytes : SWARM_LIMITS.streamBytes,
        onReply: (bytes, body) => {
          coming = this.old ? candidates : decodeChunksAnswer(body, { candidates, count })
          const expected = coming.reduce((sum, chunk) => sum + outline.length(chunk), 0)
          if (bytes !== expected)
            throw new OppuError('PROTOCOL_VIOLATION', `${bytes} bytes offered for chunks of ${expected}`)
          request.onChosen(coming)
          begin()
        },
        consume: piece => {
          this.meter.add(piece.length)
          for (let rest = piece; rest.length > 0 && buffer !== undefined; ) {
            const taken = rest.subarray(0, buffer.length - filled)
            buffer.set(taken, filled)
            filled += taken.length
            rest = rest.subarray(taken.length)
            if (filled < buffer.length) return
            request.onChunk(coming[at]!, buffer)
            at++
            begin()
          }
        },
        replyMs: this.old ? windowMs : waitMs + windowMs,
        windowMs,
        signal,
      },
    ).finally(() => {
      if (buffer !== undefined) request.onBroken(buffer)
    })
  }

  async #dial(protocol: string, signal: AbortSignal) {
    return await this.#options.peer.dial(this.addresses, protocol, {
      category: 'chunk-request',
      withinMs: Math.min(this.#options.windowMs, TRANSPORT.dialMs),
      signal,
    })
  }

  #request(ask: BaseAsk): Uint8Array {
    return encodeBaseRequest({ id: this.#options.outline.id, ask })
  }

  #oldRequest(range: readonly number[]): Uint8Array {
    const { outline } = this.#options
    const file = outline.fileOf(range[0]!)
    const firstChunk = range[0]! - outline.firstOf(file)
    return oppu.ChunkRequest.encode({
      baseId: idToBytes(outline.id),
      file,
      firstChunk,
      chunkCount: range.length,
    }).finish()
  }
}
