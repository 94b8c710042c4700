/**
 * One request, one reply, over any duplex; behind the reply, where the protocol has it, a stream of bytes of a
 * length the reply announces. A frame is its length in 4 bytes, big-endian, and then that many bytes.
 *
 * Every read has a size cap and a deadline; of an error only its code crosses. Frames are collected as they come, into
 * one growing buffer, so neither a header that promises much nor a frame in crumbs costs more than its bytes, twice. Leaves to the protocols what is inside a frame, and to
 * duplex.ts where the bytes go. Rejected: many requests over one stream (a slow one would hold up the others,
 * and yamux gives a stream for the price of one frame).
 */
import { decodeMessage, demandInteger } from './canonical.ts'
import type { Duplex } from './duplex.ts'
import { answerCode, isOppuError, OppuError } from './errors.ts'
import { RPC_LIMITS } from './limits.ts'
import { oppu } from './messages.pb.js'

const HEADER_BYTES = 4

/** Bytes that follow a reply: exactly `length` in all. */
export interface ByteStream {
  readonly length: number
  readonly parts: AsyncIterable<Uint8Array>
}

export interface Answer {
  readonly body: Uint8Array
  readonly stream?: ByteStream
}

export interface CallOptions {
  /** Largest reply frame. */
  readonly maximumReply: number
  /** Largest byte stream behind the reply; 0 when the protocol has none. */
  readonly maximumStream?: number
  /** Takes the stream's bytes in order, synchronously; may throw to end the call. Returns the bytes it must bring. */
  readonly consume?: (piece: Uint8Array) => void
  /** Called when the reply is there, before the first byte of the stream; may throw to refuse it. */
  readonly onReply?: (streamBytes: number, body: Uint8Array) => void
  readonly replyMs?: number
  readonly windowMs?: number
  readonly windowBytes?: number
  readonly signal?: AbortSignal
}

export interface ServeOptions {
  readonly maximumRequest: number
  readonly requestMs?: number
  readonly sendMs?: number
  /** How long the handler may take until its answer. */
  readonly answerMs?: number
  readonly signal?: AbortSignal
}

/** The bytes of one frame. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length)
  new DataView(frame.buffer).setUint32(0, payload.length)
  frame.set(payload, HEADER_BYTES)
  return frame
}

/** Takes one frame out of pieces of any size. */
export class FrameReader {
  readonly #limit: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerBytes = 0
  #length = 0
  #payload: Uint8Array = new Uint8Array()
  #filled = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Returns the payload and what follows it once it is whole. @throws OppuError TOO_LARGE. */
  push(piece: Uint8Array): { readonly payload: Uint8Array; readonly rest: Uint8Array } | undefined {
    let rest = piece
    if (this.#headerBytes < HEADER_BYTES) {
      const taken = rest.subarray(0, HEADER_BYTES - this.#headerBytes)
      this.#header.set(taken, this.#headerBytes)
      this.#headerBytes += taken.length
      rest = rest.subarray(taken.length)
      if (this.#headerBytes < HEADER_BYTES) return undefined
      this.#length = new DataView(this.#header.buffer).getUint32(0)
      if (this.#length > this.#limit)
        throw new OppuError(
          'TOO_LARGE',
          `a frame of ${this.#length} bytes; at most ${this.#limit} are allowed`,
        )
    }
    const taken = rest.subarray(0, this.#length - this.#filled)
    this.#take(taken)
    return this.#filled === this.#length
      ? { payload: this.#payload.subarray(0, this.#length), rest: rest.subarray(taken.length) }
      : undefined
  }

  #take(piece: Uint8Array): void {
    const needed = this.#filled + piece.length
    if (needed > this.#payload.length) {
      const grown = new Uint8Array(Math.min(this.#length, Math.max(needed, 2 * this.#payload.length)))
      grown.set(this.#payload.subarray(0, this.#filled))
      this.#payload = grown
    }
    this.#payload.set(piece, this.#filled)
    this.#filled = needed
  }
}

/**
 * Sends `request` and returns the reply's body once the whole reply, with the stream behind it, has come.
 * @throws OppuError with the code the other side answered; TIMEOUT, TOO_LARGE, PROTOCOL_VIOLATION,
 * CONNECTION_FAILED for what it did wrong; whatever `consume` or `onReply` throws; the signal's reason.
 */
export async function call(duplex: Duplex, request: Uint8Array, options: CallOptions): Promise<Uint8Array> {
  const {
    signal,
    replyMs = RPC_LIMITS.replyMs,
    windowMs = RPC_LIMITS.windowMs,
    windowBytes = RPC_LIMITS.windowBytes,
  } = options
  if (signal?.aborted) {
    duplex.abort(new Error('aborted'))
    throw signal.reason
  }
  const frame = new FrameReader(options.maximumReply)
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  let body: Uint8Array | undefined
  let missing = 0
  let sinceLook = 0
  let settled = false
  let timer = setTimeout(() => fail(new OppuError('TIMEOUT', `no reply within ${replyMs} ms`)), replyMs)
  const onAbort = () => fail(signal?.reason)
  const settle = () => {
    settled = true
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
  const fail = (error: unknown) => {
    if (settled) return
    settle()
    duplex.abort(error instanceof Error ? error : new Error('aborted'))
    reject(error)
  }
  const look = () => {
    if (sinceLook < windowBytes)
      return fail(new OppuError('TIMEOUT', `only ${sinceLook} bytes within ${windowMs} ms`))
    sinceLook = 0
    timer = setTimeout(look, windowMs)
  }
  const take = (piece: Uint8Array) => {
    let rest = piece
    if (body === undefined) {
      const read = frame.push(rest)
      if (read === undefined) return
      const reply = readReply(read.payload, options)
      ;({ body, missing } = reply)
      rest = read.rest
      clearTimeout(timer)
      options.onReply?.(missing, body)
      if (missing > 0) timer = setTimeout(look, windowMs)
    }
    if (rest.length > missing)
      throw new OppuError('PROTOCOL_VIOLATION', 'more bytes than the reply announced')
    if (rest.length > 0) {
      missing -= rest.length
      sinceLook += rest.length
      options.consume?.(rest)
    }
    if (missing === 0) {
      settle()
      timer = setTimeout(
        () => duplex.abort(new Error('no end behind a whole reply')),
        RPC_LIMITS.endMs,
      ).unref()
      resolve(body)
    }
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  duplex.receive({
    data(piece) {
      if (settled) return duplex.abort(new Error('bytes behind a whole reply')) // it might go on for ever
      try {
        take(piece)
      } catch (error) {
        fail(error)
      }
    },
    end() {
      if (settled) clearTimeout(timer)
      fail(new OppuError('CONNECTION_FAILED', 'the stream ended before the reply was whole'))
    },
  })
  duplex
    .send(encodeFrame(request))
    .then(() => duplex.end())
    .catch(fail)
  return promise
}

function readReply(payload: Uint8Array, options: CallOptions): { body: Uint8Array; missing: number } {
  let reply: oppu.Reply
  let missing: number
  try {
    reply = decodeMessage(oppu.Reply, payload, options.maximumReply, 'a reply')
    missing = demandInteger(reply.streamBytes, 0, Number.MAX_SAFE_INTEGER, "a stream's length")
  } catch (cause) {
    throw new OppuError('PROTOCOL_VIOLATION', 'the reply cannot be read', { cause })
  }
  if (reply.error !== '') {
    const code = answerCode(reply.error)
    throw new OppuError(code, `the other side answered ${code}`)
  }
  const maximum = options.maximumStream ?? 0
  if (missing > maximum)
    throw new OppuError('TOO_LARGE', `a stream of ${missing} bytes; at most ${maximum} are allowed`)
  return { body: reply.body, missing }
}

/**
 * Reads one request, lets `handler` answer it, sends the answer and ends the stream. What the handler throws
 * crosses as its code (anything without one as UNAVAILABLE). Resolves when all is sent.
 * @throws what went wrong, after the other side has been told where that was possible: for the caller's log only.
 */
export async function serve(
  duplex: Duplex,
  handler: (request: Uint8Array, context: { readonly signal: AbortSignal }) => Promise<Answer>,
  options: ServeOptions,
): Promise<void> {
  const {
    requestMs = RPC_LIMITS.requestMs,
    sendMs = RPC_LIMITS.sendMs,
    answerMs = RPC_LIMITS.replyMs,
  } = options
  const gone = new AbortController()
  const signal = options.signal === undefined ? gone.signal : AbortSignal.any([gone.signal, options.signal])
  const send = (bytes: Uint8Array) =>
    within(sendMs, duplex.send(bytes), signal, 'the other side takes no bytes')
  let streaming = false
  try {
    const request = await within(
      requestMs,
      readRequest(duplex, options.maximumRequest, gone),
      signal,
      'no whole request',
    )
    const { body, stream } = await within(answerMs, handler(request, { signal }), signal, 'no answer')
    await send(encodeFrame(oppu.Reply.encode({ body, streamBytes: stream?.length ?? 0 }).finish()))
    streaming = true
    let missing = stream?.length ?? 0
    for await (const part of stream?.parts ?? []) {
      missing -= part.length
      if (missing < 0) throw new TypeError("an answer's stream is longer than it said")
      await send(part)
    }
    if (missing !== 0) throw new TypeError("an answer's stream is shorter than it said")
    await within(sendMs, duplex.end(), signal, 'the other side takes no bytes')
  } catch (error) {
    if (!streaming && !signal.aborted)
      await tell(duplex, isOppuError(error) ? answerCode(error.code) : 'UNAVAILABLE')
    duplex.abort(error instanceof Error ? error : new Error('aborted'))
    throw error
  }
}

/** Resolves with the request; `gone` fires when the other side resets, or sends more than one frame. */
function readRequest(duplex: Duplex, limit: number, gone: AbortController): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const frame = new FrameReader(limit)
  let whole = false
  const refuse = (error: unknown) => {
    reject(error)
    if (whole) gone.abort(error)
    whole = true
  }
  duplex.receive({
    data(piece) {
      if (gone.signal.aborted) return
      try {
        if (whole) throw new OppuError('PROTOCOL_VIOLATION', 'more bytes than one request')
        const read = frame.push(piece)
        if (read === undefined) return
        if (read.rest.length > 0) throw new OppuError('PROTOCOL_VIOLATION', 'more bytes than one request')
        whole = true
        resolve(read.payload)
      } catch (error) {
        refuse(error)
      }
    },
    end: () => reject(new OppuError('CONNECTION_FAILED', 'the stream ended before the request was whole')),
  })
  return promise
}

async function tell(duplex: Duplex, code: string): Promise<void> {
  try {
    const reply = encodeFrame(oppu.Reply.encode({ error: code }).finish())
    await within(
      1000,
      duplex.send(reply).then(() => duplex.end()),
      undefined,
      'the other side takes no bytes',
    )
  } catch {
    // The other side is gone; there is no one to tell.
  }
}

/** Waits for `work` at most `ms`. @throws OppuError TIMEOUT; the signal's reason. */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  work.catch(() => {}) // it may fail when no one listens any more
  signal?.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new OppuError('TIMEOUT', `${what} within ${ms} ms`)), ms)
  const onAbort = () => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
