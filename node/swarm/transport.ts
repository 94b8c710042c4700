/**
 * The libp2p node under a peer: TCP, noise and yamux, and, where they are asked for, the ways to find and to reach
 * others: mDNS, a list to begin with, kad-dht, relays, AutoNAT and hole punching, and the peers kept on disk.
 *
 * What each service sends is told to `audit` by category. Handshakes, pings, identify and the few bytes that ask a
 * relay are not: they carry keys, addresses and protocol names only. Leaves to peer.ts what a stream carries, and to
 * discovery.ts whom to ask first. Rejected: libp2p's stream middleware, which in this version calls a handler once
 * more with every stream; and its own retries of lost connections (the fetcher knows better whom it still needs).
 */
import { noise } from '@chainsafe/libp2p-noise'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import { yamux } from '@chainsafe/libp2p-yamux'
import { type AutoNATComponents, autoNAT } from '@libp2p/autonat'
import { bootstrap } from '@libp2p/bootstrap'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { dcutr } from '@libp2p/dcutr'
import { identify } from '@libp2p/identify'
import type { Connection, ConnectionGater, Libp2p, PeerInfo, Stream, StreamHandler } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { DISCOVERY, PROTOCOLS, TRANSPORT } from '../../protocol/limits.ts'
import { noiseSettings } from '../../protocol/network-key.ts'
import { withReadyKeys } from '../../protocol/noise-crypto.ts'
import type { KeptPeers } from './kept-peers.ts'
import { quickNoise, quickTcp } from './quick-connection.ts'

/** Who may connect: asked about every peer after its key is proven, and before it can send anything else. */
export interface Gate {
  admits(peer: string): boolean
  /** The same of a peer that connects to this one, for whom news may be asked first. */
  admitsNow?(peer: string): Promise<boolean>
}

/** How a peer finds others and is found; what is absent is off. */
export interface Finding {
  /** Tell the local network of this peer's id and addresses there, and hear who else is on it (mDNS). */
  readonly lan?: boolean
  /** Take part in the distributed table of who provides what: `client` asks only, `server` answers others too. */
  readonly dht?: 'client' | 'server'
  /** Peers to begin with; every address ends in `/p2p/<id>`. */
  readonly bootstrap?: readonly string[]
  /** Relays to be reachable through, by address; `auto` takes any peer that offers it. */
  readonly relays?: readonly string[]
}

export interface TransportOptions {
  /** 32-byte Ed25519 seed of this peer's identity on the network. */
  readonly seed: Uint8Array
  /** Multiaddresses to listen on, such as `/ip4/127.0.0.1/tcp/0`; none means that only this side dials. */
  readonly listen: readonly string[]
  /** Addresses to tell others in place of those listened on. */
  readonly announce?: readonly string[]
  readonly finding?: Finding
  /** Carry others' connections, sealed end to end, to peers that cannot be dialled. */
  readonly relay?: boolean
  readonly gate?: Gate
  /** 32 secret bytes; a peer without the same ones fails in the handshake. */
  readonly networkKey?: Uint8Array
  /** Where the peers heard of are kept; in memory where absent. */
  readonly kept?: KeptPeers
}

/** What libp2p's services send, by what it is for. */
export type ServiceCategory = 'discovery' | 'reachability' | 'relay'

export interface TransportEvents {
  readonly onLan: (peer: PeerInfo) => void
  readonly audit: (message: {
    readonly category: ServiceCategory
    readonly peer: string
    readonly protocol: string
    readonly bytes: number
  }) => void
}

/** An address of this peer, and what is known of it. */
export interface OwnAddress {
  readonly multiaddr: Multiaddr
  /** `transport`: of an interface or a relay; `observed`: seen by others; `announce`: given by the user. */
  readonly type: string
  /** Public ones: whether it stands (until peers say that they cannot dial it). */
  readonly verified: boolean
  /** Public ones: until when a peer's successful dial counts; in the past when none has tried. */
  readonly expires: number
}

/** The parts of libp2p that its public interface does not show. */
interface Inside {
  readonly addressManager: {
    getAddressesWithMetadata(): OwnAddress[]
    confirmObservedAddr(address: Multiaddr, options: { type: 'transport'; ttl: number }): void
  }
  readonly transportManager: { listen(addresses: Multiaddr[]): Promise<void> }
  readonly registrar: { getHandler(protocol: string): { handler: StreamHandler; options: object } }
}

export interface Transport {
  readonly node: Libp2p
  ownAddresses(): readonly OwnAddress[]
  /** Asks a relay to carry connections to this peer. Throws when it will not, or cannot be reached. */
  listenThrough(relay: string): Promise<void>
}

/** Of its own, so that other programs' peers are not asked for bases. */
const LAN_SERVICE = '_oppu._udp.local'
/** Whom the audit log names for what the whole local network hears; the bytes are those of the addresses told. */
const LAN = 'the local network'
const HOP = '/libp2p/circuit/relay/0.2.0/hop'
const STOP = '/libp2p/circuit/relay/0.2.0/stop'
const AUTONAT = '/libp2p/autonat/1.0.0'
const DCUTR = '/libp2p/dcutr'

type Outgoing = Readonly<Record<string, ServiceCategory>>
/** Streams that this side opens. Of a relay's only what it carries for others: the rest is counted as what it is. */
const OPENED: Outgoing = {
  [PROTOCOLS.kad]: 'discovery',
  [AUTONAT]: 'reachability',
  [DCUTR]: 'reachability',
  [STOP]: 'relay',
}
/** Streams that this side answers. */
const ANSWERED: Outgoing = {
  [PROTOCOLS.kad]: 'discovery',
  [AUTONAT]: 'reachability',
  [DCUTR]: 'reachability',
  [HOP]: 'relay',
}

/** Starts a node; the caller stops it. Throws what libp2p throws, such as for an address that is taken. */
export async function openTransport(options: TransportOptions, events: TransportEvents): Promise<Transport> {
  const { finding = {}, gate, networkKey, kept } = options
  const reachable = options.listen.length > 0
  let inside: Inside | undefined
  const node = await createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
    nodeInfo: { name: 'oppu', version: '1', userAgent: 'oppu/1' },
    addresses: {
      listen: [...options.listen, ...(finding.relays?.includes('auto') ? ['/p2p-circuit'] : [])],
      announce: [...(options.announce ?? [])],
    },
    transports: [
      quickTcp(tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })),
      circuitRelayTransport({ reservationCompletionTimeout: TRANSPORT.dialMs }),
    ],
    connectionEncrypters: [quickNoise(noise(noiseSettings(withReadyKeys(defaultCrypto), networkKey)))],
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
    connectionGater: gate === undefined ? {} : gaterOf(gate),
    peerStore: { maxAddressAge: DISCOVERY.keptMs, maxPeerAge: DISCOVERY.keptMs },
    ...(kept === undefined ? {} : { datastore: kept.datastore }),
    peerDiscovery: [
      ...(finding.lan ? [lanDiscovery(options.listen.some(isBeyondThisMachine), events.onLan)] : []),
      ...(finding.bootstrap?.length ? [bootstrap({ list: [...finding.bootstrap], timeout: 0 })] : []),
    ],
    services: {
      identify: identify(),
      ping: ping(),
      inside: (components: Inside) => {
        inside = components
        return {}
      },
      ...(finding.dht === undefined
        ? {}
        : {
            dht: kadDHT({
              protocol: PROTOCOLS.kad,
              clientMode: finding.dht === 'client',
              peerInfoMapper: passthroughMapper,
            }),
          }),
      ...(options.finding === undefined ? {} : { dcutr: dcutr() }),
      ...(reachable && options.finding !== undefined
        ? { autoNAT: (components: AutoNATComponents) => autoNAT()(dialingAnew(components)) }
        : {}),
      ...(options.relay ? { relay: circuitRelayServer({ reservations: reservations(gate) }) } : {}),
    },
  })
  const audit = (connection: Connection, protocol: string, category: ServiceCategory) => (bytes: number) =>
    events.audit({ category, peer: connection.remotePeer.toString(), protocol, bytes })
  node.addEventListener('connection:open', ({ detail: connection }) => {
    const open = connection.newStream
    connection.newStream = async (protocols, more) => {
      const stream = await open(protocols, more)
      const category = OPENED[stream.protocol]
      if (category !== undefined) countSent(stream, audit(connection, stream.protocol, category))
      return stream
    }
  })
  if (finding.lan) {
    const announced = () => node.getMultiaddrs().reduce((sum, address) => sum + address.toString().length, 0)
    const tell = () =>
      events.audit({ category: 'discovery', peer: LAN, protocol: LAN_SERVICE, bytes: announced() })
    const timer = setInterval(tell, DISCOVERY.lanQueryMs)
    node.addEventListener('start', tell)
    node.addEventListener('stop', () => clearInterval(timer))
  }
  try {
    await kept?.forgetOwnRecords(node.peerId.toString())
    await node.start()
    if (inside === undefined) throw new Error('libp2p made no services')
    const { addressManager, transportManager, registrar } = inside
    for (const { multiaddr, type, verified } of addressManager.getAddressesWithMetadata()) {
      // A public address of this machine is told others at once; AutoNAT takes it back when nobody can dial it.
      if (type === 'transport' && !verified) addressManager.confirmObservedAddr(multiaddr, { type, ttl: 1 })
    }
    for (const [protocol, category] of Object.entries(ANSWERED)) {
      if (!node.getProtocols().includes(protocol)) continue
      const { handler, options } = registrar.getHandler(protocol)
      const counting: StreamHandler = (stream, connection) => {
        countSent(stream, audit(connection, protocol, category))
        return handler(stream, connection)
      }
      await node.handle(protocol, counting, { ...options, force: true })
    }
    return {
      node,
      ownAddresses: () => addressManager.getAddressesWithMetadata(),
      listenThrough: relay => transportManager.listen([multiaddr(`${relay}/p2p-circuit`)]),
    }
  } catch (error) {
    await node.stop()
    throw error
  }
}

/** Hears of peers on the local network, and where `announcing` tells of this one. */
function lanDiscovery(announcing: boolean, onLan: (peer: PeerInfo) => void) {
  const make = mdns({
    serviceTag: LAN_SERVICE,
    interval: DISCOVERY.lanQueryMs,
    broadcast: announcing,
  })
  return (components: Parameters<typeof make>[0]) => {
    const discovery = make(components)
    discovery.addEventListener('peer', ({ detail }) => onLan(detail))
    return discovery
  }
}

/**
 * Makes AutoNAT dial a peer anew when it is asked whether it can. In this version it would take the connection that the
 * question came on for its answer, which says nothing, and close it, with all that runs on it.
 */
function dialingAnew(components: AutoNATComponents): AutoNATComponents {
  const { connectionManager } = components
  const openConnection: typeof connectionManager.openConnection = (peer, options) =>
    connectionManager.openConnection(peer, { ...options, force: true })
  const anew = Object.create(connectionManager, { openConnection: { value: openConnection } })
  return Object.create(components, { connectionManager: { value: anew } })
}

function gaterOf(gate: Gate): ConnectionGater {
  const denies = (peer: { toString(): string }) => !gate.admits(peer.toString())
  return {
    denyDialPeer: denies,
    denyInboundEncryptedConnection: async peer =>
      !(await (gate.admitsNow?.(peer.toString()) ?? gate.admits(peer.toString()))),
    denyOutboundEncryptedConnection: denies,
    denyInboundUpgradedConnection: denies,
    denyOutboundUpgradedConnection: denies,
    denyInboundRelayReservation: denies,
    denyOutboundRelayedConnection: (from, to) => denies(from) || denies(to),
    denyInboundRelayedConnection: (_, remote) => denies(remote),
    filterMultiaddrForPeer: peer => gate.admits(peer.toString()),
  }
}

/** Members may move whole bases through a relay; for strangers there is an end. */
function reservations(gate: Gate | undefined) {
  return {
    maxReservations: DISCOVERY.relayReservations,
    applyDefaultLimit: gate === undefined,
    defaultDataLimit: BigInt(DISCOVERY.relayedBytes),
    defaultDurationLimit: DISCOVERY.relayedMs,
  }
}

function countSent(stream: Stream, sent: (bytes: number) => void): void {
  const send = stream.send.bind(stream)
  stream.send = data => {
    sent(data.byteLength)
    return send(data)
  }
}

/** Whether others than this machine can use the address. */
export function isBeyondThisMachine(address: string): boolean {
  return !/^\/(ip4\/127\.|ip6\/(0:){7}1\/|ip6\/::1\/)/.test(address)
}
