/**
 * libp2p's TCP, noise and yamux without what costs them most when whole bases pass: a system call for each piece of a
 * frame, a copy of every sealed frame that only noise's WebAssembly cipher needs, new memory and an event on three floors
 * for each 64 KiB that arrive, and news of the window after each frame. What goes over the wire, and who checks what,
 * stays theirs.
 *
 * It is mended on connections and streams as they are made, through what their classes look like inside; one that looks
 * different, of another version, is left as it is (the tests would say so). Rejected: more streams or connections, which
 * brought nothing, and hashing and writing on a thread of its own, which took more from two cores than it gave.
 */
import type { Socket } from 'node:net'
import type { ConnectionEncrypter, MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'

type Pieces = Iterable<Uint8Array>

/** A list of pieces of memory, as libp2p's packages pass them on. */
interface List {
  readonly byteLength: number
  append(...pieces: unknown[]): void
  consume(bytes: number): void
  slice(): Uint8Array
  sublist(from?: number, to?: number): List
}

interface TcpInside {
  readonly socket?: Socket
  sendData?(pieces: Pieces): { readonly sentBytes: number; readonly canSendMore: boolean }
}

interface NoiseInside {
  readonly handshake?: { decrypt(sealed: unknown): unknown }
  /** Puts frames together; what is left of `buffer` after a message is the beginning of the next frame. */
  readonly decoder?: { readonly buffer?: List }
  readonly readBuffer?: List
  decrypt?(sealed: { readonly byteLength: number }): unknown
  onData?(data: unknown): void
}

interface YamuxInside {
  recvWindow?: number
  readonly recvWindowCapacity?: number
  sendWindowUpdate?(): void
}

/** Bytes that are read of a socket at once; its own are 64 KiB. */
const READ_BYTES = 256 << 10
/** Of every sealed frame. */
const TAG_BYTES = 16

/** Reads a socket into one piece of memory, again and again. */
class Reads {
  /** Whether nobody holds on to what arrives beyond its event; until then everybody gets a copy. */
  areUsedAtOnce = false
  socket: Socket | undefined
  /** For net.connect. */
  readonly onread = {
    buffer: new Uint8Array(READ_BYTES),
    callback: (bytes: number, buffer: Uint8Array) => {
      const came = buffer.subarray(0, bytes)
      this.socket?.emit('data', this.areUsedAtOnce ? came : Uint8Array.from(came))
      return true
    },
  }
}

const readsOf = new WeakMap<object, Reads>()

/** TCP, as `make` makes it. */
export function quickTcp<Components>(
  make: (components: Components) => Transport,
): (components: Components) => Transport {
  return components => {
    const transport = make(components)
    const { dial, createListener } = transport
    transport.dial = (address, options) => {
      const reads = new Reads()
      const { onread } = reads
      const upgrader = meeting(options.upgrader, connection => {
        reads.socket = connection.socket
        readsOf.set(connection, reads)
        joinWrites(connection)
      })
      return dial.call(transport, address, { ...options, upgrader, ...{ onread } })
    }
    transport.createListener = options =>
      createListener.call(transport, { ...options, upgrader: meeting(options.upgrader, joinWrites) })
    return transport
  }
}

/** Calls `met` with every new connection before anybody else sees it. */
function meeting(upgrader: Upgrader, met: (connection: MultiaddrConnection & TcpInside) => void): Upgrader {
  const upgrade =
    (method: 'upgradeInbound' | 'upgradeOutbound') => (connection: MultiaddrConnection, options: never) => {
      met(connection)
      return upgrader[method](connection, options)
    }
  return Object.create(upgrader, {
    upgradeInbound: { value: upgrade('upgradeInbound') },
    upgradeOutbound: { value: upgrade('upgradeOutbound') },
  })
}

/** What is sent at once goes out in one call, and whole: a frame is not left half sent because the socket is full. */
function joinWrites(connection: MultiaddrConnection & TcpInside): void {
  const { socket } = connection
  if (socket === undefined || connection.sendData === undefined) return
  connection.sendData = pieces => {
    let sentBytes = 0
    let canSendMore = true
    socket.cork()
    for (const piece of pieces) {
      sentBytes += piece.byteLength
      canSendMore = socket.write(piece)
    }
    socket.uncork()
    return { sentBytes, canSendMore }
  }
}

/** Noise, as `make` makes it. */
export function quickNoise<Components, Extensions>(
  make: (components: Components) => ConnectionEncrypter<Extensions>,
): (components: Components) => ConnectionEncrypter<Extensions> {
  return components => {
    const encrypter = make(components)
    for (const method of ['secureInbound', 'secureOutbound'] as const) {
      const secure = encrypter[method]
      encrypter[method] = async (connection, options) => {
        const secured = await secure.call(encrypter, connection, options)
        openTogether(connection, secured.connection as NoiseInside)
        return secured
      }
    }
    return encrypter
  }
}

/** Opens frames without cutting them first, which the decoder has done, and hands on at once what arrived at once. */
function openTogether(
  sealed: Parameters<ConnectionEncrypter['secureInbound']>[0],
  opened: NoiseInside,
): void {
  const { handshake, decoder, readBuffer, onData } = opened
  if (handshake === undefined || opened.decrypt === undefined) return
  opened.decrypt = frame => {
    if (frame.byteLength < TAG_BYTES) throw new Error('a frame that is shorter than its tag')
    return handshake.decrypt(frame)
  }
  const begun = decoder?.buffer
  if (begun === undefined || readBuffer === undefined || onData === undefined) return
  let gathered: List | undefined
  opened.onData = data => {
    gathered ??= readBuffer.sublist(0, 0)
    gathered.append(data)
  }
  sealed.addEventListener('message', () => {
    const data = gathered
    gathered = undefined
    if (begun.byteLength > 0) {
      const rest = begun.slice()
      begun.consume(rest.length)
      begun.append(rest)
    }
    if (data !== undefined) onData.call(opened, data)
  })
  const reads = readsOf.get(sealed)
  if (reads !== undefined) reads.areUsedAtOnce = true
}

/**
 * Lets the other side of a stream that this one opened send at least so many bytes at once, and tells it of more when half of them
 * came. By itself yamux begins with 256 KiB and tells of every frame.
 */
export function widen(stream: object, bytes: number): void {
  const inside: YamuxInside = stream
  const { sendWindowUpdate } = inside
  if (sendWindowUpdate === undefined || inside.recvWindow === undefined) return
  inside.recvWindow = bytes
  sendWindowUpdate.call(stream)
  inside.sendWindowUpdate = () => {
    if (inside.recvWindowCapacity! <= inside.recvWindow! / 2) sendWindowUpdate.call(stream)
  }
}
