/**
 * A node's end of the network: libp2p over TCP with noise and yamux (transport.ts), and nothing of libp2p shows outside
 * (its twin is coordinator/peer.ts; the settings both share are in protocol/limits.ts, with what was measured).
 *
 * Every byte that leaves goes through one function, under a named category, so that the node can keep a log of it;
 * every byte that comes is counted by who sent it. Leaves to rpc.ts what a stream carries, and to discovery.ts whom
 * to ask.
 */
import { setTimeout } from 'node:timers/promises'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type Duplex, duplexOverStream } from '../../protocol/duplex.ts'
import { OppuError } from '../../protocol/errors.ts'
import { DISCOVERY, TRANSPORT } from '../../protocol/limits.ts'
import { within } from '../../protocol/rpc.ts'
import { addressesOf, parseAddress, peerIdOf } from './address.ts'
import { KeptPeers, type PeerRecord } from './kept-peers.ts'
import { type FoundPeer, PeerBook } from './peer-book.ts'
import { widen } from './quick-connection.ts'
import { openTransport, type ServiceCategory, type Transport, type TransportOptions } from './transport.ts'

export { peerIdOf, userIdOfAddress } from './address.ts'

/** What a message that leaves is for. */
export type OutgoingCategory =
  | 'membership'
  | 'report'
  | 'chunk-request'
  | 'chunk'
  | 'manifest'
  | ServiceCategory

export interface Outgoing {
  readonly category: OutgoingCategory
  /** Id of the peer it goes to. */
  readonly peer: string
  readonly protocol: string
  readonly bytes: number
}

export interface PeerOptions extends Omit<TransportOptions, 'kept'> {
  /** Folder where the peers heard of are kept between runs; in memory where absent. */
  readonly folder?: string
  /** Called before every message that leaves. */
  readonly audit?: (message: Outgoing) => void
  readonly signal?: AbortSignal
}

export interface PeerConnection {
  readonly peer: string
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  /** Through a relay, which cannot read it. */
  readonly relayed: boolean
}

/** An address of this peer; see `OwnAddress` in transport.ts. */
export interface ListedAddress {
  readonly address: string
  readonly type: string
  readonly verified: boolean
  readonly expires: number
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

const STOP_MS = 2000
/** Above the number of connections there can be at once. */
const COUNTED_PEERS = 1000

export class Peer implements AsyncDisposable {
  readonly #transport: Transport
  readonly #node: Libp2p
  readonly #kept: KeptPeers | undefined
  readonly #audit: (message: Outgoing) => void
  readonly #received = new Map<string, number>()
  readonly #sent = new Map<string, number>()
  readonly #handling = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined
  /** What is known of other peers. */
  readonly book: PeerBook

  private constructor(
    transport: Transport,
    kept: KeptPeers | undefined,
    known: { readonly lan: Map<string, FoundPeer>; readonly records: Map<string, PeerRecord> },
    options: PeerOptions,
  ) {
    this.#transport = transport
    this.#node = transport.node
    this.#kept = kept
    this.#audit = options.audit ?? (() => {})
    const { finding = {} } = options
    this.book = new PeerBook({ node: this.#node, kept, ...known, finding, closing: this.#closing.signal })
  }

  /** Starts listening. @throws OppuError INVALID_ARGUMENT for an address, CONNECTION_FAILED when it cannot be had, IN_USE. */
  static async open(options: PeerOptions): Promise<Peer> {
    options.signal?.throwIfAborted()
    const { listen, announce = [], finding = {} } = options
    for (const address of [...listen, ...announce]) parseAddress(address)
    const relays = (finding.relays ?? []).filter(address => address !== 'auto')
    for (const address of [...(finding.bootstrap ?? []), ...relays]) peerIdOf(address)
    const kept = options.folder === undefined ? undefined : await KeptPeers.open(options.folder)
    const lan = new Map<string, FoundPeer>()
    const onLan = ({ id, multiaddrs }: { id: { toString(): string }; multiaddrs: Multiaddr[] }) =>
      remember(lan, id.toString(), { peer: id.toString(), addresses: addressesOf(multiaddrs, id.toString()) })
    let transport: Transport | undefined
    try {
      transport = await openTransport(
        { ...options, ...(kept === undefined ? {} : { kept }) },
        { onLan, audit: message => options.audit?.(message) },
      )
      options.signal?.throwIfAborted()
    } catch (cause) {
      await transport?.node.stop()
      await kept?.close()
      options.signal?.throwIfAborted()
      throw new OppuError('CONNECTION_FAILED', `cannot listen on ${listen.join(', ')}`, { cause })
    }
    const records = (await kept?.records()) ?? new Map<string, PeerRecord>()
    const peer = new Peer(transport, kept, { lan, records }, options)
    await Promise.all(relays.map(relay => transport.listenThrough(relay).catch(() => {})))
    for (const relay of relays) void peer.#stayBehind(relay)
    return peer
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

  /** Bytes sent, as `received`. */
  get sent(): ReadonlyMap<string, number> {
    return this.#sent
  }

  /** Every address of this peer, and what is known of it: `addresses()` are those that stand. */
  ownAddresses(): ListedAddress[] {
    return this.#transport
      .ownAddresses()
      .map(({ multiaddr, ...known }) => ({ address: multiaddr.toString(), ...known }))
  }

  connections(): PeerConnection[] {
    return this.#node.getConnections().map(({ remotePeer, remoteAddr, direction, direct }) => ({
      peer: remotePeer.toString(),
      address: remoteAddr.toString(),
      direction,
      relayed: !direct,
    }))
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
        .filter(({ status }) => status === 'open')
        .sort((a, b) => Number(b.direct) - Number(a.direct))[0]
      const connection = known ?? (await this.#node.dial(addresses.map(parseAddress), { signal }))
      const stream = await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
      if (options.category === 'chunk-request') widen(stream, TRANSPORT.chunkWindow)
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

  /**
   * Answers every stream of `protocol` with `handler`; what it throws ends that stream only. The signal that it gets fires
   * when the other side resets the stream.
   */
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
      const gone = new AbortController()
      stream.addEventListener('close', () => {
        if (stream.status === 'reset') gone.abort(new OppuError('CONNECTION_FAILED', 'the stream was reset'))
      })
      const work = handler(this.#duplex(stream, connection, options.category), {
        remote,
        signal: AbortSignal.any([this.#closing.signal, gone.signal]),
      })
        .catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error('failed')))
        .finally(() => this.#handling.delete(work))
      this.#handling.add(work)
    }
    await this.#node.handle(protocol, onStream, {
      maxInboundStreams: options.maximumStreams,
      runOnLimitedConnection: true,
    })
  }

  /** Stops answering `protocol`. */
  async unhandle(protocol: string): Promise<void> {
    if (this.#closed === undefined) await this.#node.unhandle(protocol)
  }

  /** Drops every connection to a peer. */
  async hangUp(peer: string): Promise<void> {
    if (this.#closed === undefined) await this.#node.hangUp(peerIdFromString(peer)).catch(() => {})
  }

  /** Drops every connection to a peer at once, whatever is under way on it. */
  cutOff(peer: string): void {
    const reason = new OppuError('NOT_A_MEMBER', `${peer} is no member`)
    for (const connection of this.#node.getConnections(peerIdFromString(peer))) connection.abort(reason)
  }

  /** Calls `listener` with the id of each peer that becomes connected. */
  onConnected(listener: (peer: string) => void): void {
    this.#node.addEventListener('peer:connect', ({ detail }) => listener(detail.toString()))
  }

  /** Calls `listener` when a peer has introduced itself, with the addresses that it says it listens on. */
  onIntroduced(listener: (found: FoundPeer) => void): void {
    this.#node.addEventListener('peer:identify', ({ detail: { peerId, listenAddrs } }) => {
      const peer = peerId.toString()
      listener({ peer, addresses: addressesOf(listenAddrs, peer) })
    })
  }

  /** Runs what goes on beside the streams: closing fires its signal and waits for it. What it throws is lost. */
  whileOpen(work: (signal: AbortSignal) => Promise<void>): void {
    const running = work(this.#closing.signal)
      .catch(() => {})
      .finally(() => this.#handling.delete(running))
    this.#handling.add(running)
  }

  /** Fires the handlers' signal, waits for them, resets the streams of those that are not done after `STOP_MS`, and stops. */
  close(): Promise<void> {
    this.#closed ??= this.#stop()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #stop(): Promise<void> {
    this.#closing.abort(new OppuError('CLOSED', 'the peer is closed'))
    const handled = () =>
      within(STOP_MS, Promise.allSettled(this.#handling), undefined, 'handlers do not end')
    await handled().catch(() => {}) // stopping resets their streams
    await this.#node.stop()
    await handled().catch(() => {}) // one that not even that ends must not keep the node from closing
    await this.#kept?.close()
  }

  /** Asks a relay again whenever this peer has no address through it, until closed. */
  async #stayBehind(relay: string): Promise<void> {
    const through = `/p2p/${peerIdOf(relay)}/p2p-circuit`
    while (this.#closed === undefined) {
      if (!this.addresses().some(address => address.includes(through)))
        await this.#transport.listenThrough(relay).catch(() => {}) // it may be there later
      await setTimeout(DISCOVERY.relayRetryMs, undefined, { signal: this.#closing.signal, ref: false }).catch(
        () => {},
      )
    }
  }

  #duplex(stream: Stream, connection: Connection, category: OutgoingCategory): Duplex {
    const peer = connection.remotePeer.toString()
    return duplexOverStream(stream, {
      sent: bytes => {
        this.#audit({ category, peer, protocol: stream.protocol, bytes })
        remember(this.#sent, peer, (this.#sent.get(peer) ?? 0) + bytes)
      },
      received: bytes => remember(this.#received, peer, (this.#received.get(peer) ?? 0) + bytes),
    })
  }

  #demandOpen(): void {
    if (this.#closed !== undefined) throw new OppuError('CLOSED', 'the peer is closed')
  }
}

/** Sets a key of a map that is kept in the order of who was heard of last, and forgets the oldest of too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= COUNTED_PEERS) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
