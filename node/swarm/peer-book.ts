/**
 * What a peer knows of others, whether it is connected to them or not: those kept from earlier runs, those heard of on
 * the local network, and those that the distributed table of providers (kad-dht) names. It asks and remembers; whom
 * to believe, and in what order to try them, is discovery.ts's.
 */
import { setTimeout } from 'node:timers/promises'
import type { Libp2p } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { code as rawCodec } from 'multiformats/codecs/raw'
import { create as multihash } from 'multiformats/hashes/digest'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, idToBytes } from '../../protocol/ids.ts'
import { DISCOVERY, PROTOCOLS } from '../../protocol/limits.ts'
import { addressesOf } from './address.ts'
import type { KeptPeers, PeerRecord } from './kept-peers.ts'
import type { Finding } from './transport.ts'

/** A peer and where it can be dialled, each address ending in `/p2p/<its id>`. */
export interface FoundPeer {
  readonly peer: string
  readonly addresses: readonly string[]
}

interface Waiting {
  readonly signal?: AbortSignal
}

/** Code of SHA-256 in the multiformats table. */
const SHA_256 = 0x12
/** How long a peer that keeps the table is waited for. */
const MEET_MS = 5000

export class PeerBook {
  readonly #node: Libp2p
  readonly #closing: AbortSignal
  readonly #lan: ReadonlyMap<string, FoundPeer>
  readonly #kept: KeptPeers | undefined
  /** Who was heard of longest ago first. */
  readonly #records: Map<string, PeerRecord>
  /** Whether the distributed table is taken part in, and the local network listened to. */
  readonly hasTable: boolean
  readonly hasLan: boolean

  constructor(options: {
    readonly node: Libp2p
    readonly lan: ReadonlyMap<string, FoundPeer>
    readonly kept: KeptPeers | undefined
    readonly records: Map<string, PeerRecord>
    readonly finding: Finding
    readonly closing: AbortSignal
  }) {
    this.#node = options.node
    this.#lan = options.lan
    this.#kept = options.kept
    this.#records = options.records
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
    if (!(await this.#meetsTable(within))) return
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

  /** Everyone noted, in this run and, where they are kept, in earlier ones. */
  get records(): ReadonlyMap<string, PeerRecord> {
    return this.#records
  }

  /** Adds to what is known of a peer, that it was heard of now. Who was heard of longest ago is forgotten for it. */
  note({ peer, addresses }: FoundPeer, base: BaseId | undefined, now: number): void {
    const before = this.#records.get(peer)
    const merge = <T>(latest: readonly T[], earlier: readonly T[] = []) => [
      ...new Set([...latest, ...earlier]),
    ]
    const record = {
      addresses: merge(addresses, before?.addresses).slice(0, DISCOVERY.addressesPerPeer),
      bases: merge(base === undefined ? [] : [base], before?.bases).slice(0, DISCOVERY.basesPerPeer),
      seenAt: now,
    }
    this.#records.delete(peer)
    this.#records.set(peer, record)
    this.#kept?.put(peer, record)
    const [oldest] = this.#records.keys()
    if (this.#records.size <= DISCOVERY.keptPeers || oldest === undefined) return
    this.#records.delete(oldest)
    this.#kept?.put(oldest, undefined)
  }

  /** Whether a peer that keeps the table is connected, soon: a question before waits for one as long as it may. */
  async #meetsTable(signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + MEET_MS
    do {
      for (const { remotePeer } of this.#node.getConnections()) {
        const known =
          (await this.#node.peerStore.has(remotePeer)) && (await this.#node.peerStore.get(remotePeer))
        if (known !== false && known.protocols.includes(PROTOCOLS.kad)) return true
      }
      await setTimeout(100, undefined, { signal }).catch(() => {})
    } while (!signal.aborted && Date.now() < until)
    return false
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
