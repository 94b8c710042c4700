/**
 * Who may have a base: asked of everyone who can know, at once, so that no single one has to be up. Sources are the
 * peers kept from earlier runs, the addresses the user gave, the coordinator, the distributed table (kad-dht) and the
 * local network (mDNS).
 *
 * It gives candidates, not truths: a coordinator or a table passes on what it was told, and of a peer on the local
 * network nothing is known but that it runs oppu. Whoever asks them finds out, and says so (`proved`), which is kept.
 * Asking a peer for a base tells that peer which base; the table's questions tell strangers too.
 */
import { setTimeout } from 'node:timers/promises'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { DISCOVERY } from '../../protocol/limits.ts'
import { peerIdOf } from './address.ts'
import type { Peer } from './peer.ts'
import type { FoundPeer } from './peer-book.ts'

/** How a peer came to be known; `kept`: in an earlier run, `came`: it connected by itself. */
export type Source = 'lan' | 'dht' | 'coordinator' | 'told' | 'kept' | 'came'

export interface DiscoveryOptions {
  /** Stays the caller's to close. */
  readonly peer: Peer
  /** Addresses that the user gave: any of them may have any base. */
  readonly told?: readonly string[]
  /** Asks the coordinator who said that they have a base. */
  readonly coordinator?: (base: BaseId, options: Waiting) => Promise<readonly string[]>
  /** Told of a source that failed; the search goes on without it. */
  readonly onFailure?: (source: Source, error: OppuError) => void
}

export interface Waiting {
  readonly signal?: AbortSignal
}

/** What is known of one peer. */
export interface Heard {
  readonly peer: string
  readonly addresses: readonly string[]
  readonly source: Source
  /** Bases that it has, or is said to have. */
  readonly bases: readonly BaseId[]
  /** Milliseconds since 1970. */
  readonly seenAt: number
}

/** How long the local network is given to answer, from the start of the peer on. */
const LAN_ANSWERS_MS = 3000
const LAN_LOOK_MS = 250
/** A base is said again to a table that took it not at all, after this long. */
const PROVIDE_AGAIN_MS = 5000

export class Discovery implements AsyncDisposable {
  readonly #peer: Peer
  readonly #told: readonly string[]
  readonly #coordinator: DiscoveryOptions['coordinator']
  readonly #onFailure: (source: Source, error: OppuError) => void
  /** How those of this run came to be known. */
  readonly #heard = new Map<string, Source>()
  readonly #provided = new Map<BaseId, AbortController>()
  readonly #working = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  readonly #openedAt = Date.now()

  /** @throws OppuError INVALID_ARGUMENT for an address without a peer id. */
  constructor(options: DiscoveryOptions) {
    this.#peer = options.peer
    this.#told = options.told ?? []
    for (const address of this.#told) peerIdOf(address)
    this.#coordinator = options.coordinator
    this.#onFailure = options.onFailure ?? (() => {})
    this.#peer.onIntroduced(found => this.#meet(found))
    for (const { peer } of this.#peer.connections()) this.#meet({ peer, addresses: [] })
  }

  /**
   * Addresses of peers that may have a base, each ending in `/p2p/<id>`, as they are found: those known to have it
   * first. Several may be of one peer, none is given twice and none is this peer's. Ends when every source has said
   * what it knows; a source that fails is only told to `onFailure`. @throws the signal's reason.
   */
  async *providersOf(base: BaseId, { signal }: Waiting = {}): AsyncIterable<string> {
    signal?.throwIfAborted()
    const stop = new AbortController()
    const within = AbortSignal.any([stop.signal, this.#closing.signal, ...(signal ? [signal] : [])])
    const waiting: FoundPeer[] = []
    let wake = () => {}
    const sources: readonly (readonly [Source, AsyncIterable<FoundPeer>])[] = [
      ['kept', this.#keptProviders(base)],
      ['told', this.#toldProviders()],
      ['coordinator', this.#coordinatorProviders(base, within)],
      ['lan', this.#lanPeers(within)],
      ['dht', this.#peer.book.providers(base, { signal: within })],
    ]
    let running = sources.length
    const drain = async (source: Source, peers: AsyncIterable<FoundPeer>) => {
      try {
        for await (const found of peers) {
          if (within.aborted) break
          if (found.peer === this.#peer.id) continue
          this.#hear(found, source, source === 'dht' || source === 'coordinator' ? base : undefined)
          waiting.push(found)
          wake()
        }
      } catch (error) {
        if (!within.aborted)
          this.#onFailure(
            source,
            isOppuError(error) ? error : new OppuError('UNAVAILABLE', String(error), { cause: error }),
          )
      } finally {
        running--
        wake()
      }
    }
    const onAbort = () => wake()
    within.addEventListener('abort', onAbort)
    for (const [source, peers] of sources) this.#work(drain(source, peers))
    const given = new Set<string>()
    const peers = new Set<string>()
    try {
      while (!within.aborted) {
        const next = waiting.shift()
        if (next === undefined) {
          if (running === 0) return
          await new Promise<void>(resolve => {
            wake = resolve
          })
          continue
        }
        if (peers.size >= DISCOVERY.providersPerSearch && !peers.has(next.peer)) continue
        peers.add(next.peer)
        for (const address of next.addresses.slice(0, DISCOVERY.addressesPerPeer)) {
          if (given.has(address)) continue
          given.add(address)
          yield address
        }
      }
      signal?.throwIfAborted()
    } finally {
      within.removeEventListener('abort', onAbort)
      stop.abort()
    }
  }

  /**
   * Says in the distributed table that this peer has a base, and goes on saying it until `withdraw` or the end; does
   * nothing where the table is off. Settles when someone has taken it (so wait for it only where that matters), or
   * when it was withdrawn; never rejects.
   */
  async provide(base: BaseId): Promise<void> {
    if (!this.#peer.book.hasTable || this.#provided.has(base) || this.#closing.signal.aborted) return
    const stop = new AbortController()
    this.#provided.set(base, stop)
    const signal = AbortSignal.any([stop.signal, this.#closing.signal])
    const persist = async () => {
      while (!signal.aborted) {
        const taken = await this.#peer.book.provide(base, { signal }).then(
          () => true,
          () => false,
        )
        if (taken) return
        await setTimeout(PROVIDE_AGAIN_MS, undefined, { signal }).catch(() => {})
      }
    }
    const work = persist()
    this.#work(work)
    await work
  }

  /** Stops saying that this peer has a base. */
  async withdraw(base: BaseId): Promise<void> {
    const stop = this.#provided.get(base)
    if (stop === undefined) return
    this.#provided.delete(base)
    stop.abort()
    await this.#peer.book.withdraw(base)
  }

  /** A peer has shown that it has a base, by a chunk that was right: kept for later runs. */
  proved(peer: string, base: BaseId): void {
    this.#hear({ peer, addresses: [] }, this.#heard.get(peer) ?? 'came', base)
  }

  /** Every peer heard of, in this run and, where they are kept, in earlier ones; the latest first. */
  heard(): Heard[] {
    const { records, lan } = this.#peer.book
    const now = Date.now()
    const noted = [...records].map(([peer, record]) => ({
      ...{ peer, ...record },
      source: lan.has(peer) ? 'lan' : (this.#heard.get(peer) ?? 'kept'),
    }))
    const others = [...lan.values()]
      .filter(({ peer }) => !records.has(peer))
      .map(found => ({ ...found, bases: [], source: 'lan' as const, seenAt: now }))
    return [...noted, ...others].sort((a, b) => b.seenAt - a.seenAt)
  }

  /** Ends searches and announcements, and waits for them. */
  async close(): Promise<void> {
    this.#closing.abort(new OppuError('CLOSED', 'discovery is closed'))
    await Promise.allSettled(this.#working)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async *#keptProviders(base: BaseId): AsyncIterable<FoundPeer> {
    for (const [peer, { addresses, bases }] of this.#peer.book.records)
      if (bases.includes(base) && addresses.length > 0) yield { peer, addresses }
  }

  async *#toldProviders(): AsyncIterable<FoundPeer> {
    yield* grouped(this.#told)
  }

  async *#coordinatorProviders(base: BaseId, signal: AbortSignal): AsyncIterable<FoundPeer> {
    if (this.#coordinator === undefined) return
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
    yield* grouped(await Promise.race([this.#coordinator(base, { signal }), aborted]))
  }

  async *#lanPeers(signal: AbortSignal): AsyncIterable<FoundPeer> {
    const given = new Set<string>()
    do {
      for (const found of this.#peer.book.lan.values()) {
        if (given.has(found.peer)) continue
        given.add(found.peer)
        yield found
      }
      if (!this.#peer.book.hasLan) return
      await setTimeout(LAN_LOOK_MS, undefined, { signal }).catch(() => {})
    } while (!signal.aborted && Date.now() - this.#openedAt < LAN_ANSWERS_MS)
  }

  /** Notes what was heard of a peer, for this run and for later ones. */
  #hear(found: FoundPeer, source: Source, base: BaseId | undefined): void {
    const before = this.#heard.get(found.peer)
    const vague = before === undefined || before === 'came' || before === 'kept'
    this.#remember(found.peer, vague ? source : before)
    if (source !== 'kept') this.#peer.book.note(found, base, Date.now())
  }

  /** Notes that a peer is there, and how it came to be known if nothing said so before. */
  #meet(found: FoundPeer): void {
    if (this.#closing.signal.aborted) return
    const told = this.#told.some(address => peerIdOf(address) === found.peer)
    const before = this.#heard.get(found.peer) ?? (this.#peer.book.records.has(found.peer) ? 'kept' : 'came')
    this.#remember(found.peer, told ? 'told' : before)
    this.#peer.book.note(found, undefined, Date.now())
  }

  /** Of more than can be kept, whoever was heard of longest ago is forgotten. */
  #remember(peer: string, source: Source): void {
    this.#heard.delete(peer)
    this.#heard.set(peer, source)
    const [oldest] = this.#heard.keys()
    if (this.#heard.size > DISCOVERY.keptPeers && oldest !== undefined) this.#heard.delete(oldest)
  }

  /** Work that nobody waits for but the end; what it throws says nothing that its caller could use. */
  #work(work: Promise<void>): void {
    const settled = work.catch(() => {}).finally(() => this.#working.delete(settled))
    this.#working.add(settled)
  }
}

function grouped(addresses: readonly string[]): FoundPeer[] {
  return [...Map.groupBy(addresses, peerIdOf)].map(([peer, addresses]) => ({ peer, addresses }))
}
