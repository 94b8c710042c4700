/**
 * A node's end of the network: libp2p over TCP with noise and yamux, and nothing of libp2p shows outside (its twin
 * is coordinator/peer.ts; the settings both share are in protocol/limits.ts, with what was measured).
 *
 * Every byte that leaves goes through one function, under a named category, so that the node can keep a log of it;
 * every byte that comes is counted by who sent it. Handshakes, pings and identify messages are libp2p's own and
 * are in neither: they carry keys, addresses and protocol names only.
 *
 * Leaves to rpc.ts what a stream carries. Rejected: discovery and relays here (a later room), and libp2p's own
 * retries of lost connections (the fetcher knows better whom it still needs).
 */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type Duplex, duplexOverStream } from '../../protocol/duplex.ts'
import { OppuError } from '../../protocol/errors.ts'
import { idFromBytes, type UserId } from '../../protocol/ids.ts'
import { TRANSPORT } from '../../protocol/limits.ts'

/** What a message that leaves is for. */
export type OutgoingCategory = 'membership' | 'report' | 'chunk-request' | 'chunk' | 'manifest'

export interface Outgoing {
  readonly category: OutgoingCategory
  /** Id of the peer it goes to. */
  readonly peer: string
  readonly protocol: string
  readonly bytes: number
}

export interface PeerOptions {
  /** 32-byte Ed25519 seed of this peer's identity on the network. */
  readonly seed: Uint8Array
  /** Multiaddresses to listen on, such as `/ip4/127.0.0.1/tcp/0`; none means that only this side dials. */
  readonly listen: readonly string[]
  /** Called before every message that leaves. */
  readonly audit?: (message: Outgoing) => void
  readonly signal?: AbortSignal
}

export interface DialOptions {
  readonly category: OutgoingCategory
  /** Milliseconds until the stream must be there. */
  readonly withinMs?: number
  readonly signal?: AbortSignal
}

export interface HandleOptions {
  readonly category: OutgoingCategory
  readonly maximumStreams: number
}

/** Above the number of connections there can be at once. */
const COUNTED_PEERS = 1000

export class Peer implements AsyncDisposable {
  readonly #node: Libp2p
  readonly #audit: (message: Outgoing) => void
  readonly #received = new Map<string, number>()
  readonly #handling = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined

  private constructor(node: Libp2p, audit: (message: Outgoing) => void) {
    this.#node = node
    this.#audit = audit
  }

  /** Starts listening. @throws OppuError INVALID_ARGUMENT for an address, CONNECTION_FAILED when it cannot be had. */
  static async open(options: PeerOptions): Promise<Peer> {
    options.signal?.throwIfAborted()
    for (const address of options.listen) parseAddress(address)
    const node = await createLibp2p({
      start: false,
      privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
      nodeInfo: { name: 'oppu', version: '1', userAgent: 'oppu/1' },
      addresses: { listen: [...options.listen] },
      transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
      connectionEncrypters: [noise()],
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
        dialTimeout: TRANSPORT.dialMs,
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
      options.signal?.throwIfAborted()
    } catch (cause) {
      await node.stop()
      options.signal?.throwIfAborted()
      throw new OppuError('CONNECTION_FAILED', `cannot listen on ${options.listen.join(', ')}`, { cause })
    }
    return new Peer(node, options.audit ?? (() => {}))
  }

  /** This peer's id on the network (`12D3Koo…`). */
  get id(): string {
    return this.#node.peerId.toString()
  }

  /** Where others can dial this peer, each ending in `/p2p/<id>`; empty when it does not listen. */
  addresses(): string[] {
    return this.#node.getMultiaddrs().map(address => address.toString())
  }

  /** Bytes received, by id of the peer that sent them: of those heard of last, since strangers can come without end. */
  get received(): ReadonlyMap<string, number> {
    return this.#received
  }

  /**
   * Opens a stream to a peer, over the connection that is there or a new one. All `addresses` must end in the same
   * `/p2p/<id>`, so that the peer's key is checked; they are tried until one works. The caller ends or aborts it.
   * @throws OppuError INVALID_ARGUMENT, CONNECTION_FAILED, TIMEOUT, PROTOCOL_VIOLATION (protocol not spoken), CLOSED.
   */
  async dial(
    addresses: readonly [string, ...string[]],
    protocol: string,
    options: DialOptions,
  ): Promise<Duplex> {
    this.#demandOpen()
    const remote = peerIdOf(addresses[0])
    if (addresses.some(address => peerIdOf(address) !== remote)) throw new TypeError('addresses of two peers')
    const late = AbortSignal.timeout(options.withinMs ?? TRANSPORT.dialMs)
    const signal = AbortSignal.any([
      this.#closing.signal,
      late,
      ...(options.signal === undefined ? [] : [options.signal]),
    ])
    try {
      const known = this.#node
        .getConnections(peerIdFromString(remote))
        .find(({ status }) => status === 'open')
      const connection = known ?? (await this.#node.dial(addresses.map(parseAddress), { signal }))
      const stream = await connection.newStream(protocol, { signal })
      return this.#duplex(stream, connection, options.category)
    } catch (cause) {
      options.signal?.throwIfAborted()
      this.#demandOpen()
      if (late.aborted) throw new OppuError('TIMEOUT', `${remote} does not answer`, { cause })
      const unknown = cause instanceof Error && cause.name === 'UnsupportedProtocolError'
      if (unknown)
        throw new OppuError('PROTOCOL_VIOLATION', `${remote} does not speak ${protocol}`, { cause })
      throw new OppuError('CONNECTION_FAILED', `cannot reach ${addresses.join(' or ')}`, { cause })
    }
  }

  /** Answers every stream of `protocol` with `handler`; what it throws ends that stream only. */
  async handle(
    protocol: string,
    options: HandleOptions,
    handler: (
      duplex: Duplex,
      context: { readonly remote: string; readonly signal: AbortSignal },
    ) => Promise<void>,
  ): Promise<void> {
    this.#demandOpen()
    const onStream = (stream: Stream, connection: Connection) => {
      const remote = connection.remotePeer.toString()
      const work = handler(this.#duplex(stream, connection, options.category), {
        remote,
        signal: this.#closing.signal,
      })
        .catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error('failed')))
        .finally(() => this.#handling.delete(work))
      this.#handling.add(work)
    }
    await this.#node.handle(protocol, onStream, { maxInboundStreams: options.maximumStreams })
  }

  /** Stops answering `protocol`. */
  async unhandle(protocol: string): Promise<void> {
    if (this.#closed === undefined) await this.#node.unhandle(protocol)
  }

  /** Drops every connection to a peer. */
  async hangUp(peer: string): Promise<void> {
    if (this.#closed === undefined) await this.#node.hangUp(peerIdFromString(peer)).catch(() => {})
  }

  /** Aborts every stream, waits for their handlers, and stops. */
  close(): Promise<void> {
    this.#closed ??= this.#stop()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #stop(): Promise<void> {
    this.#closing.abort(new OppuError('CLOSED', 'the peer is closed'))
    await Promise.allSettled(this.#handling)
    await this.#node.stop()
  }

  #duplex(stream: Stream, connection: Connection, category: OutgoingCategory): Duplex {
    const peer = connection.remotePeer.toString()
    return duplexOverStream(stream, {
      sent: bytes => this.#audit({ category, peer, protocol: stream.protocol, bytes }),
      received: bytes => this.#count(peer, bytes),
    })
  }

  #count(peer: string, bytes: number): void {
    const before = this.#received.get(peer) ?? 0
    this.#received.delete(peer) // so that the map is in the order of who was heard of last
    this.#received.set(peer, before + bytes)
    if (this.#received.size <= COUNTED_PEERS) return
    for (const oldest of this.#received.keys()) {
      this.#received.delete(oldest)
      return
    }
  }

  #demandOpen(): void {
    if (this.#closed !== undefined) throw new OppuError('CLOSED', 'the peer is closed')
  }
}

/** The peer id at the end of an address. @throws OppuError INVALID_ARGUMENT where there is none. */
export function peerIdOf(address: string): string {
  const last = parseAddress(address).getComponents().at(-1)
  if (last?.name !== 'p2p' || last.value === undefined) {
    throw new OppuError('INVALID_ARGUMENT', `the address lacks /p2p/<id> at its end: ${address}`)
  }
  return last.value
}

/** The Ed25519 public key behind an address's peer id: what a coordinator signs with. @throws OppuError INVALID_ARGUMENT. */
export function userIdOfAddress(address: string): UserId {
  const id = peerIdFromString(peerIdOf(address))
  if (id.type !== 'Ed25519') throw new OppuError('INVALID_ARGUMENT', `not an Ed25519 peer: ${address}`)
  return idFromBytes<UserId>(id.publicKey.raw)
}

function parseAddress(address: string): Multiaddr {
  try {
    return multiaddr(address)
  } catch (cause) {
    throw new OppuError('INVALID_ARGUMENT', `not an address: ${JSON.stringify(address.slice(0, 100))}`, {
      cause,
    })
  }
}
