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
  decodeManifest,
  decodeSigned,
  encodeManifest,
  encodeSigned,
  type Signed,
  signLicence,
} from '../protocol/manifest.ts'
import type { Keys } from './keys.ts'
import { isAddress } from './peer.ts'
import type { State } from './state.ts'

export interface Published {
  readonly manifest: Signed
  readonly licence?: Signed
}

/** What a list of bases says of each. */
export interface Summary {
  readonly version: BaseManifest['version']
  readonly name: string
  /** SPDX identifier where there is one. */
  readonly licence: string
}

interface Announcement {
  readonly addresses: readonly string[]
  readonly bases: ReadonlySet<BaseId>
  readonly expires: number
}

export class Registry {
  readonly #state: State
  readonly #keys: Keys
  readonly #now: () => number
  readonly #bases = new Map<BaseId, Summary>()
  /** By peer id, the latest announcement last. */
  readonly #members = new Map<string, Announcement>()

  private constructor(state: State, keys: Keys, now: () => number) {
    this.#state = state
    this.#keys = keys
    this.#now = now
  }

  /** @throws OppuError INVALID_DATA when what is published was signed with another key: no member would take it. */
  static async open(state: State, keys: Keys, now: () => number): Promise<Registry> {
    const registry = new Registry(state, keys, now)
    for (const key of await state.keys('manifests')) {
      const id = parseId<BaseId>(key, 'base id')
      const { signer, bytes } = await registry.#signed(id)
      if (signer !== keys.id)
        throw new OppuError(
          'INVALID_DATA',
          `what is published here was signed by ${signer}: put that key's file back, or publish anew in another folder`,
        )
      registry.#bases.set(id, summaryOf(decodeManifest(bytes)))
    }
    return registry
  }

  /** Ids of what is published, sorted; with `version`, of manifests of that version only. */
  bases(version?: BaseManifest['version']): BaseId[] {
    return [...this.#bases.keys()]
      .filter(id => version === undefined || this.#bases.get(id)?.version === version)
      .sort()
  }

  /** What is published under `id`, in short. */
  summary(id: BaseId): Summary | undefined {
    return this.#bases.get(id)
  }

  /** Signs and keeps a manifest, with the text of its licence where given. Again is as good as once. */
  async publish(manifest: BaseManifest, licenceText?: string): Promise<BaseId> {
    const id = baseId(manifest)
    if (!this.#bases.has(id) && this.#bases.size >= LIMITS.manifests) {
      throw new OppuError('TOO_LARGE', `a coordinator publishes at most ${LIMITS.manifests} bases`)
    }
    const signed = this.#keys.sign('manifest', encodeManifest(manifest))
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
              value: encodeSigned(signLicence(id, licenceText, this.#keys.seed)),
            },
          ]
    await this.#state.put([...puts, ...licence])
    this.#bases.set(id, summaryOf(manifest))
    return id
  }

  /** @throws OppuError NOT_FOUND. */
  async get(id: BaseId): Promise<Published> {
    const manifest = await this.#signed(id)
    const licence = await this.#state.get('licences', id)
    return {
      manifest,
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
    const unknown = bases.find(id => !this.#bases.has(id))
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

  /** Members whose announcements hold at present. */
  announced(): number {
    this.#forgetExpired()
    return this.#members.size
  }

  /** Forgets what a member has announced. */
  forget(peer: string): void {
    this.#members.delete(peer)
  }

  async #signed(id: BaseId): Promise<Signed> {
    const manifest = await this.#state.get('manifests', id)
    if (manifest === undefined) throw new OppuError('NOT_FOUND', `no base ${id} is published`)
    return decodeSigned(manifest, MANIFEST_LIMITS.bytes)
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

function summaryOf({ version, name, licence }: BaseManifest): Summary {
  return { version, name, licence }
}
