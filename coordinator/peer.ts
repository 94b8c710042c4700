/**
 * The coordinator's end of the network: the twin of node/swarm/peer.ts, on the same settings (protocol/limits.ts).
 * It only answers: a coordinator dials nobody, asks for no chunk and has none to give, so nothing of that is here.
 */
import { noise } from '@chainsafe/libp2p-noise'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, MultiaddrConnection, PeerId, Stream } from '@libp2p/interface'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type Duplex, duplexOverStream } from '../protocol/duplex.ts'
import { OppuError } from '../protocol/errors.ts'
import { idFromBytes, idToBytes, type MemberKey } from '../protocol/ids.ts'
import { STRANGER_LIMITS, TRANSPORT } from '../protocol/limits.ts'
import { noiseSettings } from '../protocol/network-key.ts'
import { withReadyKeys } from '../protocol/noise-crypto.ts'

/** How long requests that have come may still take when the coordinator is told to stop. */
const STOP_MS = 5_000

export interface ListenerOptions {
  /** 32-byte Ed25519 seed; the same key signs what the coordinator publishes. */
  readonly seed: Uint8Array
  /** Multiaddresses; none to publish without being reachable. */
  readonly listen: readonly string[]
  /** Who is no stranger: strangers may be few, stay for a short time, and say little. Everyone is welcome where absent. */
  readonly admits?: (key: MemberKey | undefined) => boolean
  /** 32 secret bytes; a peer without the same ones fails in the handshake. */
  readonly networkKey?: Uint8Array | undefined
}

export type StreamHandler = (
  duplex: Duplex,
  context: {
    readonly remote: string
    readonly key: MemberKey | undefined
    readonly signal: AbortSignal
  },
) => Promise<void>

export class Listener implements AsyncDisposable {
  readonly #node: Libp2p
  readonly #traffic = { sent: 0, received: 0 }
  readonly #handling = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined

  private constructor(node: Libp2p) {
    this.#node = node
  }

  /** @throws OppuError INVALID_ARGUMENT for an address, CONNECTION_FAILED when it cannot be had. */
  static async open(options: ListenerOptions): Promise<Listener> {
    for (const address of options.listen) {
      if (!isAddress(address))
        throw new OppuError('INVALID_ARGUMENT', `not an address: ${address.slice(0, 100)}`)
    }
    const strangers = new Strangers(options.admits ?? (() => true))
    const node = await createLibp2p({
      start: false,
      privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
      nodeInfo: { name: 'oppu', version: '1', userAgent: 'oppu/1' },
      addresses: { listen: [...options.listen] },
      transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
      connectionEncrypters: [noise(noiseSettings(withReadyKeys(defaultCrypto), options.networkKey))],
      connectionGater: { denyInboundEncryptedConnection: (peer, raw) => strangers.denies(peer, raw) },
      streamMuxers: [
        yamux({
          enableKeepAlive: true,
          keepAliveInterval: TRANSPORT.keepAliveMs,
          streamOptions: { maxStreamWindowSize: TRANSPORT.maximumWindow },
        }),
      ],
      connectionManager: {
        maxConnections: TRANSPORT.maximumConnections,
        inboundConnectionThreshold: TRANSPORT.inboundPerSecond,
        reconnectRetries: 0,
      },
      connectionMonitor: {
        enabled: true,
        pingInterval: TRANSPORT.pingMs,
        pingTimeout: { minTimeout: TRANSPORT.pingTimeoutMs },
      },
      services: { identify: identify(), ping: ping() },
    })
    try {
      await node.start()
    } catch (cause) {
      await node.stop()
      throw new OppuError('CONNECTION_FAILED', `cannot listen on ${options.listen.join(', ')}`, { cause })
    }
    return new Listener(node)
  }

  get id(): string {
    return this.#node.peerId.toString()
  }

  /** Where members can reach it, each ending in `/p2p/<id>`. */
  addresses(): string[] {
    return this.#node.getMultiaddrs().map(address => address.toString())
  }

  /** Bytes of all streams so far. */
  get traffic(): { readonly sent: number; readonly received: number } {
    return { ...this.#traffic }
  }

  /** Answers every stream of `protocol` with `handler`; what it throws ends that stream only. */
  async handle(protocol: string, maximumStreams: number, handler: StreamHandler): Promise<void> {
    const traffic = this.#traffic
    const meter = {
      sent: (bytes: number) => {
        traffic.sent += bytes
      },
      received: (bytes: number) => {
        traffic.received += bytes
      },
    }
    const onStream = (stream: Stream, connection: Connection) => {
      const { remotePeer } = connection
      const context = {
        remote: remotePeer.toString(),
        key: keyOf(remotePeer),
        signal: this.#closing.signal,
      }
      const work = handler(duplexOverStream(stream, meter), context)
        .catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error('failed')))
        .finally(() => this.#handling.delete(work))
      this.#handling.add(work)
    }
    await this.#node.handle(protocol, onStream, { maxInboundStreams: maximumStreams })
  }

  /** Drops every connection to a peer. */
  async hangUp(peer: string): Promise<void> {
    if (this.#closed === undefined) await this.#node.hangUp(peerIdFromString(peer)).catch(() => {})
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#node.getConnections().length
  }

  /** Takes no more streams, waits for those there are, aborts what is left after `STOP_MS`, and stops. */
  close(): Promise<void> {
    this.#closed ??= this.#stop()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #stop(): Promise<void> {
    await this.#node.unhandle(this.#node.getProtocols().filter(name => name.startsWith('/oppu/')))
    const late = setTimeout(
      () => this.#closing.abort(new OppuError('CLOSED', 'the coordinator is closed')),
      STOP_MS,
    )
    await Promise.allSettled(this.#handling)
    clearTimeout(late)
    await this.#node.stop()
  }
}

/** Keeps those who may only join from costing much: how many there are, how long they stay, how much they send. */
class Strangers {
  readonly #admits: (key: MemberKey | undefined) => boolean
  readonly #connected = new Set<MultiaddrConnection>()

  constructor(admits: (key: MemberKey | undefined) => boolean) {
    this.#admits = admits
  }

  /** Asked before a multiplexer is set up. */
  denies(peer: PeerId, raw: MultiaddrConnection): boolean {
    const key = keyOf(peer)
    if (this.#admits(key)) return false
    if (this.#connected.size >= STRANGER_LIMITS.connections) return true
    this.#connected.add(raw)
    let bytes = 0
    const unlessJoined = (end: () => void) => {
      if (this.#admits(key)) this.#connected.delete(raw)
      else end()
    }
    const timer = setTimeout(() => unlessJoined(() => raw.abort(TOO_LONG)), STRANGER_LIMITS.connectedMs)
    raw.addEventListener('message', ({ data }) => {
      bytes += data.byteLength
      if (bytes > STRANGER_LIMITS.bytes) unlessJoined(() => raw.abort(TOO_MUCH))
    })
    raw.addEventListener('close', () => {
      clearTimeout(timer)
      this.#connected.delete(raw)
    })
    return false
  }
}

const TOO_LONG = new OppuError('REFUSED', 'a stranger stayed too long')
const TOO_MUCH = new OppuError('REFUSED', 'a stranger sent too much')

function keyOf(peer: PeerId): MemberKey | undefined {
  return peer.type === 'Ed25519' ? idFromBytes<MemberKey>(peer.publicKey.raw) : undefined
}

/** The peer id (`12D3Koo…`) of a member's key. */
export function peerIdOfKey(key: MemberKey): string {
  return peerIdFromPublicKey(publicKeyFromRaw(idToBytes(key))).toString()
}

/** The key behind a peer id; undefined for what is no id of a member. */
export function keyOfPeerId(peer: string): MemberKey | undefined {
  try {
    return keyOf(peerIdFromString(peer))
  } catch {
    return undefined
  }
}

/** True for an address that parses and, where `peer` is given, ends in `/p2p/<peer>`. */
export function isAddress(address: string, peer?: string): boolean {
  try {
    const last = multiaddr(address).getComponents().at(-1)
    return peer === undefined || (last?.name === 'p2p' && last.value === peer)
  } catch {
    return false
  }
}
