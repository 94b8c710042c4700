/**
 * The one shape of a two-way byte stream that the protocols know, and how a libp2p stream becomes one. libp2p is
 * described here by what is used of it and not imported: a node and a coordinator each hold their own copy of it
 * behind their own wall, and tests talk over a pair without any network.
 *
 * Received bytes are handed over synchronously, so that nothing piles up between the transport and whoever
 * consumes them; libp2p's async iterator has no back-pressure, and its `pause` cannot be undone inside a handler.
 */
import { OppuError } from './errors.ts'

export interface Receiver {
  /** `piece` may be used during the call only. */
  data(piece: Uint8Array): void
  /** The other side sends no more, or the stream is gone: whether that is too early, lengths and hashes decide. */
  end(): void
}

export interface Duplex {
  /** Queues bytes (they are not copied) and resolves once the transport took them all. @throws CONNECTION_FAILED. */
  send(bytes: Uint8Array): Promise<void>
  /** Sets the one receiver; what came before is handed to it. */
  receive(receiver: Receiver): void
  /** Says that nothing more will be sent. */
  end(): Promise<void>
  /** Drops the stream at once in both directions. */
  abort(reason: Error): void
}

/** What `duplexOverStream` uses of a libp2p stream. */
export interface TransportStream {
  readonly status: string
  readonly readableEnded: boolean
  readonly writableNeedsDrain: boolean
  readonly writeBufferLength: number
  send(bytes: Uint8Array): boolean
  close(): Promise<void>
  abort(error: Error): void
  addEventListener(
    type: 'message',
    listener: (event: { readonly data: Uint8Array | Iterable<Uint8Array> }) => void,
  ): void
  addEventListener(type: 'drain' | 'idle' | 'close' | 'end', listener: () => void): void
  removeEventListener(type: 'drain' | 'idle' | 'close', listener: () => void): void
}

/** Counts what passes, by number of bytes. */
export interface Meter {
  sent(bytes: number): void
  received(bytes: number): void
}

/** `drain` can fire while the window is closed, or be lost; looking again this often makes up for it. */
const LOOK_AGAIN_MS = 250

export function duplexOverStream(stream: TransportStream, meter: Meter): Duplex {
  return {
    async send(bytes) {
      meter.sent(bytes.length)
      try {
        stream.send(bytes)
      } catch (cause) {
        throw new OppuError('CONNECTION_FAILED', 'the stream is closed', { cause })
      }
      while (stream.writableNeedsDrain || stream.writeBufferLength > 0) {
        if (stream.status !== 'open')
          throw new OppuError('CONNECTION_FAILED', 'the stream was closed while sending')
        await nextChange(stream)
      }
    },
    receive(receiver) {
      let ended = false
      const end = () => {
        if (!ended) {
          ended = true
          receiver.end()
        }
      }
      stream.addEventListener('end', end)
      stream.addEventListener('close', end)
      stream.addEventListener('message', ({ data }) => {
        for (const piece of data instanceof Uint8Array ? [data] : data) {
          meter.received(piece.length)
          receiver.data(piece)
        }
      })
      if (stream.readableEnded || stream.status === 'closed' || stream.status === 'reset') queueMicrotask(end)
    },
    async end() {
      try {
        await stream.close()
      } catch (cause) {
        throw new OppuError('CONNECTION_FAILED', 'the stream was closed while sending', { cause })
      }
    },
    abort: reason => stream.abort(reason),
  }
}

function nextChange(stream: TransportStream): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      for (const type of ['drain', 'idle', 'close'] as const) stream.removeEventListener(type, done)
      resolve()
    }
    const timer = setTimeout(done, LOOK_AGAIN_MS)
    for (const type of ['drain', 'idle', 'close'] as const) stream.addEventListener(type, done)
  })
}
