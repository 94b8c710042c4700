/**
 * What a peer knows of others, whether it is connected to them or not: those kept from earlier runs, those heard of on
 * the local network, and those that the distributed table of providers (kad-dht) names. It asks and remembers; whom
 * to believe, and in what order to try them, is discovery.ts's.
 */
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { code as rawCodec } from 'multiformats/codecs/raw'
import { create as multihash } from 'multiformats/hashes/digest'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, idToBytes } from '../../protocol/ids.ts'
import { DISCOVERY } from '../../protocol/limits.ts'
import { addressesOf, parseAddress } from './address.ts'
import type { Finding } from './transport.ts'

/** A peer and where it can be dialled, each address ending in `/p2p/<its id>`. */
export interface FoundPeer {
  readonly peer: string
  readonly addresses: readonly string[]
}

export interface KnownPeer extends FoundPeer {
  /** What was noted of it, by name. */
  readonly notes: ReadonlyMap<string, string>
}

interface Waiting {
  readonly signal?: AbortSignal
}

/** Codes of the multiformats table. */
const P2P = 421
const SHA_256 = 0x12
/** Before our own names for what is known of a peer, among libp2p's. */
const NOTE = 'oppu/'
/** Note of when the peer was last heard of, in ms since 1970. */
export const SEEN = 'seen'

export class PeerBook {
  readonly #node: Libp2p
  readonly #closing: AbortSignal
  readonly #lan: ReadonlyMap<string, FoundPeer>
  /** Whether the distributed table is taken part in, and the local network listened to. */
  readonly hasTable: boolean
  readonly hasLan: boolean

  constructor(options: {
    readonly node: Libp2p
    readonly lan: ReadonlyMap<string, FoundPeer>
    readonly finding: Finding
    readonly closing: AbortSignal
  }) {
    this.#node = options.node
    this.#lan = options.lan
    this.#closing = options.closing
    this.hasTable = options.finding.dht !== undefined
    this.hasLan = options.finding.lan ?? false
  }

  /** Peers that answered on the local network in this run. */
  get lan(): ReadonlyMap<string, FoundPeer> {
    return this.#lan
  }

  /** Those that the distributed table names for a base, as they are found, until the signal ends it. @throws OppuError UNAVAILABLE. */
  async *providers(base: BaseId, { signal }: Waiting = {}): AsyncIterable<FoundPeer> {
    if (!this.hasTable) return
    const within = this.#within(signal)
    try {
      for await (const { id, multiaddrs } of this.#node.contentRouting.findProviders(nameOf(base), {
        signal: within,
      }))
        if (multiaddrs.length > 0) yield found(id.toString(), multiaddrs)
    } catch (cause) {
      if (!within.aborted)
        throw new OppuError('UNAVAILABLE', 'the table of providers gives no answer', { cause })
    }
  }

  /**
   * Writes into the distributed table that this peer provides a base; libp2p says it again until `withdraw`.
   * @throws OppuError UNAVAILABLE where nobody took it.
   */
  async provide(base: BaseId, { signal }: Waiting = {}): Promise<void> {
    if (!this.hasTable) return
    try {
      await this.#node.contentRouting.provide(nameOf(base), { signal: this.#within(signal) })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new OppuError('UNAVAILABLE', 'the table of providers takes nothing', { cause })
    }
  }

  /** Says no more that this peer provides a base. What others have noted dies within two days. */
  async withdraw(base: BaseId): Promise<void> {
    if (this.hasTable) await this.#node.contentRouting.cancelReprovide(nameOf(base))
  }

  /** Every peer heard of, in this run and in earlier ones where they are kept. */
  async known(): Promise<KnownPeer[]> {
    const peers = await this.#node.peerStore.all()
    return peers
      .filter(({ id }) => !id.equals(this.#node.peerId))
      .map(({ id, addresses, metadata }) => ({
        ...found(
          id.toString(),
          addresses.map(({ multiaddr }) => multiaddr),
        ),
        notes: notesIn(metadata),
      }))
  }

  /** What was noted of a peer; nothing where it is not known. */
  async notesOf(peer: string): Promise<KnownPeer['notes']> {
    const id = peerIdFromString(peer)
    return (await this.#node.peerStore.has(id))
      ? notesIn((await this.#node.peerStore.get(id)).metadata)
      : new Map()
  }

  /** Adds to what is known of a peer: addresses, and notes under their names. */
  async note({ peer, addresses }: FoundPeer, notes: Readonly<Record<string, string>>): Promise<void> {
    const metadata = Object.entries(notes).map(
      ([name, value]) => [NOTE + name, new TextEncoder().encode(value)] as const,
    )
    await this.#node.peerStore.merge(peerIdFromString(peer), {
      multiaddrs: addresses
        .slice(0, DISCOVERY.addressesPerPeer)
        .map(address => parseAddress(address).decapsulateCode(P2P)),
      metadata: new Map(metadata),
    })
  }

  /** Forgets the peers heard of longest ago, beyond as many as are kept. */
  async prune(): Promise<void> {
    const seenAt = ({ notes }: KnownPeer) => Number(notes.get(SEEN) ?? 0)
    const peers = (await this.known()).sort((a, b) => seenAt(b) - seenAt(a))
    for (const { peer } of peers.slice(DISCOVERY.keptPeers))
      await this.#node.peerStore.delete(peerIdFromString(peer))
  }

  #within(signal: AbortSignal | undefined): AbortSignal {
    const late = AbortSignal.timeout(DISCOVERY.queryMs) // a query without an end hangs where nobody answers
    return AbortSignal.any([this.#closing, late, ...(signal === undefined ? [] : [signal])])
  }
}

/** The name of a base in the table: its id, as the SHA-256 of raw bytes. */
function nameOf(base: BaseId): CID {
  return CID.createV1(rawCodec, multihash(SHA_256, idToBytes(base)))
}

function found(peer: string, addresses: readonly Multiaddr[]): FoundPeer {
  return { peer, addresses: addressesOf(addresses, peer) }
}

function notesIn(metadata: ReadonlyMap<string, Uint8Array>): KnownPeer['notes'] {
  return new Map(
    [...metadata]
      .filter(([name]) => name.startsWith(NOTE))
      .map(([name, value]) => [name.slice(NOTE.length), new TextDecoder().decode(value)]),
  )
}
