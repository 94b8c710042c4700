/**
 * What bases there are, as signed manifests, and which members said that they hold them. Manifests are on disk;
 * announcements are in memory only and forgotten after a while, since they are worth nothing when the member left.
 */
import { OppuError } from '../protocol/errors.ts'
import { type BaseId, parseId } from '../protocol/ids.ts'
import { COORDINATOR_LIMITS as LIMITS, MANIFEST_LIMITS } from '../protocol/limits.ts'
import {
  type BaseManifest,
  baseId,
  decodeSigned,
  encodeManifest,
  encodeSigned,
  type Signed,
  signBytes,
  signLicence,
  userIdFromSeed,
} from '../protocol/manifest.ts'
import { isAddress } from './peer.ts'
import type { State } from './state.ts'

export interface Published {
  readonly manifest: Signed
  readonly licence?: Signed
}

interface Announcement {
  readonly addresses: readonly string[]
  readonly bases: ReadonlySet<BaseId>
  readonly expires: number
}

export class Registry {
  readonly #state: State
  readonly #seed: Uint8Array
  readonly #now: () => number
  readonly #ids: Set<BaseId>
  /** By peer id, the latest announcement last. */
  readonly #members = new Map<string, Announcement>()

  private constructor(state: State, seed: Uint8Array, now: () => number, ids: Set<BaseId>) {
    this.#state = state
    this.#seed = seed
    this.#now = now
    this.#ids = ids
  }

  /** @throws OppuError INVALID_DATA when what is published was signed with another key: no member would take it. */
  static async open(state: State, seed: Uint8Array, now: () => number): Promise<Registry> {
    const ids = new Set((await state.keys('manifests')).map(key => parseId<BaseId>(key, 'base id')))
    const registry = new Registry(state, seed, now, ids)
    for (const id of ids) {
      const { signer } = (await registry.get(id)).manifest
      if (signer !== userIdFromSeed(seed))
        throw new OppuError(
          'INVALID_DATA',
          `what is published here was signed by ${signer}: put that key's file back, or publish anew in another folder`,
        )
      break // with this held at every opening, one stands for all
    }
    return registry
  }

  /** Ids of what is published, sorted. */
  bases(): BaseId[] {
    return [...this.#ids].sort()
  }

  has(id: BaseId): boolean {
    return this.#ids.has(id)
  }

  /** Signs and keeps a manifest, with the text of its licence where given. Again is as good as once. */
  async publish(manifest: BaseManifest, licenceText?: string): Promise<BaseId> {
    const id = baseId(manifest)
    if (!this.#ids.has(id) && this.#ids.size >= LIMITS.manifests) {
      throw new OppuError('TOO_LARGE', `a coordinator publishes at most ${LIMITS.manifests} bases`)
    }
    const signed = signBytes('manifest', encodeManifest(manifest), this.#seed)
    const puts = [{ table: 'manifests' as const, key: id, value: encodeSigned(signed) }]
    if (licenceText !== undefined && Buffer.byteLength(licenceText) > LIMITS.licence) {
      throw new OppuError('TOO_LARGE', `a licence's text has at most ${LIMITS.licence} bytes`)
    }
    const licence =
      licenceText === undefined
        ? []
        : [
            {
              table: 'licences' as const,
              key: id,
              value: encodeSigned(signLicence(id, licenceText, this.#seed)),
            },
          ]
    await this.#state.put([...puts, ...licence])
    this.#ids.add(id)
    return id
  }

  /** @throws OppuError NOT_FOUND. */
  async get(id: BaseId): Promise<Published> {
    const manifest = this.#ids.has(id) ? await this.#state.get('manifests', id) : undefined
    if (manifest === undefined) throw new OppuError('NOT_FOUND', `no base ${id} is published`)
    const licence = await this.#state.get('licences', id)
    return {
      manifest: decodeSigned(manifest, MANIFEST_LIMITS.bytes),
      ...(licence === undefined ? {} : { licence: decodeSigned(licence, LIMITS.licence + 32) }),
    }
  }

  /**
   * Keeps what the member `peer` says of itself, instead of what it said before. Returns for how many ms.
   * @throws OppuError INVALID_ARGUMENT for an address that is not the member's own, NOT_FOUND for an unknown base,
   * TOO_LARGE, REFUSED when the table of members is full.
   */
  announce(peer: string, bases: readonly BaseId[], addresses: readonly string[]): number {
    if (bases.length > LIMITS.basesPerAnnouncement || addresses.length > LIMITS.addressesPerAnnouncement) {
      throw new OppuError('TOO_LARGE', 'an announcement of too many bases or addresses')
    }
    for (const address of addresses) {
      if (address.length > LIMITS.address || !isAddress(address, peer))
        throw new OppuError('INVALID_ARGUMENT', "an announced address is not the member's own")
    }
    const unknown = bases.find(id => !this.#ids.has(id))
    if (unknown !== undefined) throw new OppuError('NOT_FOUND', `no base ${unknown} is published`)
    this.#forgetExpired()
    this.#members.delete(peer)
    if (bases.length === 0 || addresses.length === 0) return LIMITS.announcementMs
    if (this.#members.size >= LIMITS.members)
      throw new OppuError('REFUSED', 'too many members have announced bases')
    this.#members.set(peer, {
      addresses,
      bases: new Set(bases),
      expires: this.#now() + LIMITS.announcementMs,
    })
    return LIMITS.announcementMs
  }

  /** Addresses of members that hold `id`, the latest to announce it first. */
  providers(id: BaseId): (readonly string[])[] {
    this.#forgetExpired()
    const holders = [...this.#members.values()].filter(({ bases }) => bases.has(id))
    return holders
      .reverse()
      .slice(0, LIMITS.providersPerBase)
      .map(({ addresses }) => addresses)
  }

  /** Forgets what a member has announced. */
  forget(peer: string): void {
    this.#members.delete(peer)
  }

  /** Announcements all live equally long, so the first that has not expired ends the search. */
  #forgetExpired(): void {
    const now = this.#now()
    for (const [peer, { expires }] of this.#members) {
      if (expires > now) return
      this.#members.delete(peer)
    }
  }
}
