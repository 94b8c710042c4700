/**
 * Who belongs to a private community: the invitations that were signed, who joined with them, who was expelled, and the
 * signed list of members that comes of it. An open community has none of this, and everyone may connect.
 *
 * Every change is written in one batch with the list that it leads to, and changes are made one after the other: of two
 * peers that join at once with an invitation for one, one succeeds. Leaves to peer.ts who may connect, and to
 * requests.ts how it is asked for. Rejected: counting an invitation's uses by a number (a crash between two writes would
 * make it wrong): those who joined are counted.
 */
import { randomBytes } from 'node:crypto'
import { OppuError } from '../protocol/errors.ts'
import { type InvitationId, idFromBytes, type MemberKey, parseId, type UserId } from '../protocol/ids.ts'
import { decodeInvitation, type Invitation, openInvitation, signInvitation } from '../protocol/invitation.ts'
import { INVITATION_LIMITS, MEMBERS_LIMITS as LIMITS } from '../protocol/limits.ts'
import { decodeSigned, encodeSigned, type Signed, userIdFromSeed } from '../protocol/manifest.ts'
import { decodeMembers, type Members, signMembers } from '../protocol/members.ts'
import type { State, TableName } from './state.ts'

/** How long a list is vouched for; it is signed anew when half of that is over. */
const LIST_LIFE_MS = 7 * 24 * 3600 * 1000

export interface InvitationStatus {
  readonly id: InvitationId
  readonly uses: number
  readonly used: number
  readonly expiresAt: number
  readonly state: 'open' | 'used up' | 'expired' | 'revoked'
  /** As it was signed: what an invitation's text is made of. */
  readonly signed: Signed
}

export interface MemberStatus {
  readonly key: MemberKey
  readonly joinedAt: number
  /** Absent where the member was let in without. */
  readonly invitation?: InvitationId
}

interface Joined {
  readonly invitation?: InvitationId
  readonly joinedAt: number
  readonly expelledAt?: number
}

interface Put {
  readonly table: TableName
  readonly key: string
  readonly value: Uint8Array
}

interface Parts {
  readonly state: State
  /** 32-byte seed of the key that signs. */
  readonly seed: Uint8Array
  readonly now: () => number
}

export class Membership {
  readonly #state: State
  readonly #now: () => number
  readonly #invitations = new Map<
    InvitationId,
    { readonly invitation: Invitation; readonly signed: Signed }
  >()
  readonly #revoked = new Set<InvitationId>()
  readonly #joined = new Map<MemberKey, Joined>()
  readonly #onExpelled = new Set<(key: MemberKey) => void>()
  #seed: Uint8Array
  #networkKey: Uint8Array | undefined
  #addresses: readonly string[] = []
  #list: { readonly members: Members; readonly signed: Signed } | undefined
  #turn: Promise<unknown> = Promise.resolve()

  private constructor({ state, seed, now }: Parts) {
    this.#state = state
    this.#seed = seed
    this.#now = now
  }

  /** Reads what is kept. @throws OppuError INVALID_DATA when it is damaged. */
  static async open(parts: Parts): Promise<Membership> {
    const membership = new Membership(parts)
    await membership.#read()
    return membership
  }

  /** Whether only members may connect. */
  get isPrivate(): boolean {
    return this.#list !== undefined
  }

  /** What peers must know to shake hands here, where the community has such a key. */
  get networkKey(): Uint8Array | undefined {
    return this.#networkKey
  }

  admits(key: MemberKey | undefined): boolean {
    return this.#list === undefined || (key !== undefined && this.#isMember(key))
  }

  /** Calls `listener` after a member was expelled, as long as this lives. */
  onExpelled(listener: (key: MemberKey) => void): void {
    this.#onExpelled.add(listener)
  }

  /**
   * Makes the community private, with no member yet. Again is as good as once, but the network key must be the same.
   * @throws OppuError REFUSED where it has another network key, or none.
   */
  makePrivate(options: { readonly networkKey?: Uint8Array } = {}): Promise<void> {
    return this.#inTurn(async () => {
      const { networkKey } = options
      if (this.#list !== undefined) {
        if (Buffer.compare(networkKey ?? this.#networkKey ?? NONE, this.#networkKey ?? NONE) !== 0)
          throw new OppuError(
            'REFUSED',
            "a private community's network key cannot be changed: members hold it",
          )
        return
      }
      if (networkKey !== undefined && networkKey.length !== LIMITS.networkKey)
        throw new OppuError('INVALID_ARGUMENT', `a network key has ${LIMITS.networkKey} bytes`)
      const key = networkKey === undefined ? [] : [{ ...AT_NETWORK_KEY, value: networkKey }]
      await this.#change(key, [])
      this.#networkKey = networkKey
    })
  }

  /** Remembers where the coordinator is reached, for invitations. */
  reachedAt(addresses: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#state.put([{ ...AT_ADDRESSES, value: toJson(addresses) }])
      this.#addresses = addresses
    })
  }

  /**
   * Signs and keeps an invitation, to be joined at `addresses` (those where the coordinator was reached last).
   * @throws OppuError REFUSED in an open community, INVALID_ARGUMENT, INVALID_DATA.
   */
  invite(options: {
    readonly uses: number
    readonly expiresAt: number
    readonly addresses?: readonly string[] | undefined
  }): Promise<Signed> {
    return this.#inTurn(async () => {
      this.#demandPrivate()
      const { uses, expiresAt } = options
      const [first, ...others] = (options.addresses ?? this.#addresses).slice(0, INVITATION_LIMITS.addresses)
      if (first === undefined)
        throw new OppuError(
          'INVALID_ARGUMENT',
          'an invitation needs an address: start the coordinator once, or give --address',
        )
      const now = this.#now()
      if (expiresAt <= now || expiresAt > now + INVITATION_LIMITS.lifetimeMs)
        throw new OppuError('INVALID_ARGUMENT', 'an invitation ends in the future, within a year')
      const invitation: Invitation = {
        version: 1,
        id: idFromBytes<InvitationId>(randomBytes(32)),
        uses,
        expiresAt,
        addresses: [first, ...others],
        ...(this.#networkKey === undefined ? {} : { networkKey: this.#networkKey }),
      }
      const signed = signInvitation(invitation, this.#seed)
      await this.#state.put([{ table: 'invitations', key: invitation.id, value: encodeSigned(signed) }])
      this.#invitations.set(invitation.id, { invitation, signed })
      return signed
    })
  }

  /** Every invitation, the last to expire first. */
  invitations(): InvitationStatus[] {
    const now = this.#now()
    return [...this.#invitations.values()]
      .map(({ invitation: { id, uses, expiresAt }, signed }) => {
        const used = this.#uses(id)
        const state = this.#revoked.has(id)
          ? ('revoked' as const)
          : expiresAt <= now
            ? ('expired' as const)
            : used >= uses
              ? ('used up' as const)
              : ('open' as const)
        return { id, uses, used, expiresAt, state, signed }
      })
      .sort((a, b) => b.expiresAt - a.expiresAt)
  }

  /** Nobody can join with it any more; who did, stays. Again is as good as once. @throws OppuError NOT_FOUND. */
  revoke(id: InvitationId): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#invitations.has(id)) throw new OppuError('NOT_FOUND', `there is no invitation ${id}`)
      await this.#state.put([{ table: 'revoked', key: id, value: toJson({ at: this.#now() }) }])
      this.#revoked.add(id)
    })
  }

  /** Who is a member, in the order of joining. */
  members(): MemberStatus[] {
    return [...this.#joined]
      .filter(([, { expelledAt }]) => expelledAt === undefined)
      .map(([key, { joinedAt, invitation }]) => ({
        key,
        joinedAt,
        ...(invitation === undefined ? {} : { invitation }),
      }))
      .sort((a, b) => a.joinedAt - b.joinedAt)
  }

  /** Takes a member off the list; its key cannot join again. @throws OppuError NOT_FOUND, REFUSED (open community). */
  expel(key: MemberKey): Promise<void> {
    return this.#inTurn(async () => {
      this.#demandPrivate()
      const joined = this.#joined.get(key)
      if (joined === undefined || joined.expelledAt !== undefined)
        throw new OppuError('NOT_FOUND', `there is no member ${key}`)
      await this.#record(key, { ...joined, expelledAt: this.#now() })
      for (const listener of this.#onExpelled) listener(key)
    })
  }

  /** Lets a key in without an invitation, also one that was expelled. @throws OppuError REFUSED (open community, full). */
  admit(key: MemberKey): Promise<void> {
    return this.#inTurn(async () => {
      this.#demandPrivate()
      if (this.#isMember(key)) return
      this.#demandRoom()
      await this.#record(key, { joinedAt: this.#now() })
    })
  }

  /**
   * Lets `key` in by an invitation. A member may come again, with what it came with or anything else that was signed.
   * @throws OppuError BAD_SIGNATURE, INVALID_DATA, NOT_A_MEMBER (expelled), NOT_FOUND (revoked), INVITATION_EXPIRED,
   * REFUSED (used up, or no room).
   */
  join(signed: Signed, key: MemberKey): Promise<void> {
    return this.#inTurn(async () => {
      const invitation = this.#recognise(signed)
      if (this.#list === undefined || this.#isMember(key)) return
      const { id, uses, expiresAt } = invitation
      if (this.#joined.has(key)) throw new OppuError('NOT_A_MEMBER', 'this member was expelled')
      if (this.#revoked.has(id)) throw new OppuError('NOT_FOUND', 'the invitation was revoked')
      if (expiresAt <= this.#now()) throw new OppuError('INVITATION_EXPIRED', 'the invitation has expired')
      if (this.#uses(id) >= uses) throw new OppuError('REFUSED', 'the invitation is used up')
      this.#demandRoom()
      await this.#record(key, { invitation: id, joinedAt: this.#now() }, [
        { table: 'invitations', key: id, value: encodeSigned(signed) },
      ])
      this.#invitations.set(id, { invitation, signed })
    })
  }

  /** The list, signed and vouched for; undefined in an open community. */
  current(): Promise<{ readonly serial: number; readonly signed: Signed } | undefined> {
    return this.#inTurn(async () => {
      if (this.#list !== undefined && this.#isStale(this.#list)) await this.#change([], this.#keys())
      const { members, signed } = this.#list ?? {}
      return members === undefined || signed === undefined ? undefined : { serial: members.serial, signed }
    })
  }

  /** Signs with another key from now on; invitations that are recorded here stay good. */
  useKey(seed: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      this.#seed = seed
      if (this.#list !== undefined) await this.#change([], this.#keys())
    })
  }

  /**
   * An invitation that this coordinator's key signed (a stand-in with the same key may have), or the key before a change
   * of keys, but of those only what is recorded here: who stole the old key can sign no new ones.
   */
  #recognise(signed: Signed): Invitation {
    const { invitation } = openInvitation(signed)
    const recorded = this.#invitations.get(invitation.id)?.signed
    const same = recorded?.signer === signed.signer && Buffer.compare(recorded.bytes, signed.bytes) === 0
    if (!same && signed.signer !== this.#signer)
      throw new OppuError('BAD_SIGNATURE', 'the invitation is not of this coordinator')
    return invitation
  }

  get #signer(): UserId {
    return userIdFromSeed(this.#seed)
  }

  #isMember(key: MemberKey): boolean {
    const joined = this.#joined.get(key)
    return joined !== undefined && joined.expelledAt === undefined
  }

  /** Peers that joined with an invitation; being expelled gives no use back. */
  #uses(id: InvitationId): number {
    let uses = 0
    for (const { invitation } of this.#joined.values()) if (invitation === id) uses++
    return uses
  }

  #keys(): MemberKey[] {
    return this.members().map(({ key }) => key)
  }

  #isStale({ members: { createdAt, expiresAt }, signed }: { members: Members; signed: Signed }): boolean {
    const half = createdAt + (expiresAt - createdAt) / 2
    return this.#now() >= half || signed.signer !== this.#signer
  }

  #demandPrivate(): void {
    if (this.#list === undefined)
      throw new OppuError('REFUSED', 'this community is open: make it private first (oppu coordinator init)')
  }

  #demandRoom(): void {
    if (this.#keys().length >= LIMITS.keys) throw new OppuError('REFUSED', 'the list of members is full')
  }

  async #record(key: MemberKey, joined: Joined, puts: readonly Put[] = []): Promise<void> {
    const others = this.#keys().filter(other => other !== key)
    const after = joined.expelledAt === undefined ? [...others, key] : others
    await this.#change([...puts, { table: 'joined', key, value: toJson(joined) }], after)
    this.#joined.set(key, joined)
  }

  /** Writes changes together with the list that they lead to. */
  async #change(puts: readonly Put[], keys: readonly MemberKey[]): Promise<void> {
    const now = this.#now()
    const members: Members = {
      version: 1,
      // Of two coordinators with one key the one that changed its list last is heard.
      serial: Math.max((this.#list?.members.serial ?? 0) + 1, now),
      createdAt: now,
      expiresAt: now + LIST_LIFE_MS,
      keys: [...keys].sort(),
    }
    const signed = signMembers(members, this.#seed)
    await this.#state.put([...puts, { ...AT_LIST, value: encodeSigned(signed) }])
    this.#list = { members, signed }
  }

  async #read(): Promise<void> {
    for (const id of await this.#state.keys('invitations')) {
      const value = await this.#state.get('invitations', id)
      if (value === undefined) continue
      const signed = decodeSigned(value, INVITATION_LIMITS.bytes)
      this.#invitations.set(parseId<InvitationId>(id, 'invitation'), {
        invitation: decodeInvitation(signed.bytes),
        signed,
      })
    }
    for (const id of await this.#state.keys('revoked'))
      this.#revoked.add(parseId<InvitationId>(id, 'invitation'))
    for (const key of await this.#state.keys('joined')) {
      const value = await this.#state.get('joined', key)
      if (value !== undefined) this.#joined.set(parseId<MemberKey>(key, 'member'), fromJson<Joined>(value))
    }
    const addresses = await this.#state.get(AT_ADDRESSES.table, AT_ADDRESSES.key)
    if (addresses !== undefined) this.#addresses = fromJson<string[]>(addresses)
    const list = await this.#state.get(AT_LIST.table, AT_LIST.key)
    if (list === undefined) return
    const signed = decodeSigned(list, LIMITS.bytes)
    this.#list = { members: decodeMembers(signed.bytes), signed }
    this.#networkKey = await this.#state.get(AT_NETWORK_KEY.table, AT_NETWORK_KEY.key)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

const NONE = new Uint8Array()
const AT_LIST = { table: 'community', key: 'members' } as const
const AT_ADDRESSES = { table: 'community', key: 'addresses' } as const
const AT_NETWORK_KEY = { table: 'community', key: 'network-key' } as const

function toJson(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** What `toJson` wrote here: LevelDB checks its own files. */
function fromJson<T>(bytes: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T
}
