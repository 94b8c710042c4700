/**
 * Who may connect to this node in a private community: those on the list that its coordinator signed, and the coordinator.
 * Everyone else is cut off when the handshake has shown their key, before they can send anything (transport.ts asks).
 *
 * The list comes from the coordinator, and from members: whoever brings it, the signature and the serial decide. So a
 * node hears of an expulsion also while its coordinator is down, as soon as it meets a member that has. A list that has
 * expired is kept to, and said: the community goes on without its coordinator. Rejected: lists pushed to every member
 * (a stranger's newer list could not be told from a member's before it is read).
 */
import { setTimeout } from 'node:timers/promises'
import { decodeMessage, demandInteger } from '../../protocol/canonical.ts'
import type { Duplex } from '../../protocol/duplex.ts'
import { isOppuError } from '../../protocol/errors.ts'
import type { MemberKey, UserId } from '../../protocol/ids.ts'
import { changesMore, currentKey } from '../../protocol/key-change.ts'
import { MEMBERS_LIMITS as LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { type Signed, signedToMessage } from '../../protocol/manifest.ts'
import { type Members, openMembers } from '../../protocol/members.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { serve } from '../../protocol/rpc.ts'
import type { KeptList } from '../store/community.ts'
import { userIdOfAddress } from './address.ts'
import { askForNews, type MemberNews } from './member-news.ts'
import type { Peer } from './peer.ts'
import type { Gate } from './transport.ts'

export interface MemberGateOptions {
  /** The pinned key. */
  readonly coordinator: UserId
  /** Ids under which the coordinator is connected to, member or not. */
  readonly coordinatorPeers: readonly string[]
  /** The list that was kept; without one only the coordinator is let in. */
  readonly list?: KeptList | undefined
  /** Keeps a newer list. */
  readonly keep?: (list: KeptList) => Promise<void>
  readonly onNote?: ((text: string) => void) | undefined
  /** How often the coordinator is asked. */
  readonly refreshMs?: number
  readonly now?: () => number
}

interface Attached {
  readonly peer: Peer
  /** Asks the coordinator. */
  readonly ask: (serial: number, signal: AbortSignal) => Promise<MemberNews>
  readonly signal: AbortSignal
}

/** What is said when the coordinator refuses to know this node. */
export const EXPELLED = 'the coordinator says that this node is no member of its community any more'
/** How many members are asked when the coordinator does not answer. */
const MEMBERS_ASKED = 4
/** How long a peer at the door waits for news, and how often, at most, those at the door have it asked for. */
const DOOR_MS = 2_500
const DOOR_PAUSE_MS = 1_000

export class MemberGate implements Gate {
  readonly #coordinator: UserId
  readonly #always: ReadonlySet<string>
  readonly #keep: (list: KeptList) => Promise<void>
  readonly #note: (text: string) => void
  readonly #refreshMs: number
  readonly #now: () => number
  #attached: Attached | undefined
  #list:
    | { readonly members: Members; readonly keys: ReadonlySet<MemberKey>; readonly signed: Signed }
    | undefined
  #changes: readonly Signed[]
  #refreshing: Promise<void> | undefined
  #knocking: Promise<void> | undefined
  #lastAsked = Number.NEGATIVE_INFINITY
  #taking: Promise<unknown> = Promise.resolve()
  #expelled = false
  #said = ''

  /** @throws OppuError BAD_SIGNATURE, INVALID_DATA for a list that is not the coordinator's. */
  constructor(options: MemberGateOptions) {
    this.#coordinator = options.coordinator
    this.#always = new Set(options.coordinatorPeers)
    this.#keep = options.keep ?? (async () => {})
    this.#note = options.onNote ?? (() => {})
    this.#refreshMs = options.refreshMs ?? LIMITS.refreshMs
    this.#now = options.now ?? Date.now
    const { list } = options
    this.#changes = list?.keys ?? []
    if (list !== undefined) this.#set(list.signed, list.keys)
  }

  /** Of the list in force; 0 where there is none yet. */
  get serial(): number {
    return this.#list?.members.serial ?? 0
  }

  get members(): Members | undefined {
    return this.#list?.members
  }

  /** Whether the coordinator, when it was asked last, said that this node is no member. */
  get expelled(): boolean {
    return this.#expelled
  }

  admits(peer: string): boolean {
    if (this.#always.has(peer)) return true
    const key = keyOfPeer(peer)
    return key !== undefined && this.#list?.keys.has(key) === true
  }

  /** The same of a peer at the door: it may have joined since the list was made, so news is asked for first. */
  async admitsNow(peer: string): Promise<boolean> {
    if (this.admits(peer)) return true
    this.#knocking ??= this.#askForTheDoor()
    await Promise.race([this.#knocking, setTimeout(DOOR_MS, undefined, { ref: false })])
    return this.admits(peer)
  }

  /**
   * Takes a list if it is newer than the one in force, keeps it, and cuts off those who are not on it. Returns whether it
   * was newer. @throws OppuError BAD_SIGNATURE, INVALID_DATA; what `keep` throws.
   */
  take(signed: Signed, keys: readonly Signed[] = this.#changes): Promise<boolean> {
    const taken = this.#taking.then(async () => {
      const before = this.serial
      const changes = changesMore(this.#coordinator, this.#changes, keys) > 0 ? keys : this.#changes
      if (openMembers(signed, currentKey(this.#coordinator, changes)).serial <= before) return false
      this.#set(signed, changes)
      this.#cutOffStrangers()
      await this.#keep({ signed, keys: changes })
      return true
    })
    this.#taking = taken.catch(() => {})
    return taken
  }

  /**
   * From now on: answers members who ask for the list, asks every member when a connection to it opens, and the
   * coordinator again and again, until the peer closes. `ask` asks the coordinator.
   */
  async attach(peer: Peer, ask: Attached['ask']): Promise<void> {
    await peer.handle(
      PROTOCOLS.members,
      { category: 'membership', maximumStreams: LIMITS.streamsPerConnection },
      (duplex, { signal }) => this.#answer(duplex, signal),
    )
    peer.whileOpen(async signal => {
      this.#attached = { peer, ask, signal }
      peer.onConnected(id => {
        if (!this.admits(id))
          peer.cutOff(id) // expelled while it connected
        else if (!this.#always.has(id)) peer.whileOpen(() => this.#askMember(id))
      })
      while (!signal.aborted) {
        this.#sayIfExpired()
        await setTimeout(this.#refreshMs, undefined, { signal, ref: false }).catch(() => {})
        if (!signal.aborted) await this.refresh()
      }
    })
  }

  /** Asks the coordinator for a newer list, and where it does not answer, members. Does not throw. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #askForTheDoor(): Promise<void> {
    const pause = this.#lastAsked + DOOR_PAUSE_MS - performance.now()
    if (pause > 0) await setTimeout(pause, undefined, { ref: false })
    this.#knocking = undefined
    await this.refresh()
  }

  async #refresh(): Promise<void> {
    const { peer, ask, signal } = this.#attached ?? {}
    this.#lastAsked = performance.now()
    if (peer === undefined || ask === undefined || signal === undefined) return
    try {
      const news = await ask(this.serial, signal)
      this.#expelled = false
      await this.#hear(news)
      return
    } catch (error) {
      if (signal.aborted) return
      this.#expelled = isOppuError(error, 'NOT_A_MEMBER')
      if (this.#expelled) this.#sayOnce(EXPELLED)
    }
    const members = new Set(peer.connections().map(connection => connection.peer))
    for (const id of [...members].filter(id => !this.#always.has(id)).slice(0, MEMBERS_ASKED))
      await this.#askMember(id)
  }

  async #askMember(id: string): Promise<void> {
    const { peer, signal } = this.#attached ?? {}
    if (peer === undefined || signal === undefined || !this.admits(id)) return
    try {
      const address = peer.connections().find(connection => connection.peer === id)?.address
      if (address === undefined) return
      const target = address.endsWith(`/p2p/${id}`) ? address : `${address}/p2p/${id}`
      const duplex = await peer.dial([target], PROTOCOLS.members, { category: 'membership', signal })
      await this.#hear(await askForNews(duplex, this.serial, signal))
    } catch {
      // It is gone, or of an older version, or what it sent does not hold: others are asked too.
    }
  }

  async #hear({ signed, keys }: MemberNews): Promise<void> {
    if (signed !== undefined) await this.take(signed, keys)
    this.#sayIfExpired()
  }

  #set(signed: Signed, changes: readonly Signed[]): void {
    const members = openMembers(signed, currentKey(this.#coordinator, changes))
    this.#changes = changes
    this.#list = { members, keys: new Set(members.keys), signed }
  }

  #cutOffStrangers(): void {
    const { peer } = this.#attached ?? {}
    const connected = new Set(peer?.connections().map(connection => connection.peer))
    for (const id of connected) if (!this.admits(id)) peer?.cutOff(id)
  }

  #answer(duplex: Duplex, signal: AbortSignal): Promise<void> {
    const answer = async (bytes: Uint8Array) => {
      const asked = decodeMessage(oppu.MembersAsk, bytes, LIMITS.request, 'a request')
      const serial = demandInteger(asked.serial, 0, Number.MAX_SAFE_INTEGER, "a list's serial")
      const list = this.#list
      if (list === undefined) return { body: oppu.MemberList.encode({}).finish() }
      const { signed, members } = list
      const news =
        members.serial > serial
          ? { members: signedToMessage(signed), keys: this.#changes.map(signedToMessage) }
          : {}
      return { body: oppu.MemberList.encode({ serial: members.serial, ...news }).finish() }
    }
    return serve(duplex, answer, { maximumRequest: LIMITS.request, signal })
  }

  #sayIfExpired(): void {
    const expiresAt = this.#list?.members.expiresAt
    if (expiresAt === undefined || this.#now() < expiresAt) return
    this.#sayOnce(
      `the list of members expired on ${new Date(expiresAt).toISOString().slice(0, 10)} and the coordinator gave no newer one: members go on with each other, but who has joined or was expelled since is not known here`,
    )
  }

  #sayOnce(text: string): void {
    if (text === this.#said) return
    this.#said = text
    this.#note(text)
  }
}

/** The key behind a peer's id; undefined where it is of another kind, which no member has. */
export function keyOfPeer(peer: string): MemberKey | undefined {
  try {
    return userIdOfAddress(`/p2p/${peer}`) as string as MemberKey
  } catch {
    return undefined
  }
}
