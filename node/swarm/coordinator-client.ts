/**
 * A member's side of the coordinator protocol. It pins the coordinator's key, and follows it through changes of keys: what
 * that key did not sign does not come out of here, whoever handed it over, so a stand-in or a relay can serve it but
 * not change it. What it was answered is kept in a catalogue, and used where no coordinator can be reached.
 *
 * Leaves to eval what a task means and to the caller whether the user agreed to a report. It can send nothing but
 * questions, announcements and reports, because the protocol has no message for anything else.
 */
import { setTimeout } from 'node:timers/promises'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import type { PassedManifest } from '../../protocol/exchange.ts'
import { type BaseId, idFromBytes, idToBytes, type TaskId, type UserId } from '../../protocol/ids.ts'
import { COORDINATOR_LIMITS } from '../../protocol/limits.ts'
import {
  type BaseManifest,
  baseId,
  decodeManifest,
  openLicence,
  type Signed,
  signBytes,
  signedFromMessage,
  signedToMessage,
  verifyBytes,
} from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { openRelease, type Release, releaseKey } from '../../protocol/release.ts'
import { decodeTask, type EvaluationTask, encodeReport, type Report, taskId } from '../../protocol/task.ts'
import type { Catalogue } from '../store/catalogue.ts'
import { CoordinatorLine, decode, type LineOptions, readAnswer } from './coordinator-line.ts'
import { type MemberNews, memberNewsFrom } from './member-news.ts'
import { type Peer, peerIdOf, userIdOfAddress } from './peer.ts'

const KEPT_MS = 60_000
/** An announcement that failed is tried again after this long. */
const RETRY_MS = 5000

export interface VerifiedManifest {
  readonly id: BaseId
  readonly manifest: BaseManifest
  /** Text of the licence, where the coordinator gave one. */
  readonly licenceText?: string
  readonly signed: Signed
  readonly signedLicence?: Signed
}

/** What a coordinator signed about a base, as peers pass it on; unchecked. */
type Publication = Omit<PassedManifest, 'manifest'>

export interface VerifiedTask {
  readonly id: TaskId
  readonly task: EvaluationTask
  readonly signed: Signed
}

export interface CoordinatorClientOptions extends LineOptions {
  /** The key to trust; that of the address's peer id where absent. */
  readonly coordinator?: UserId
}

interface Waiting {
  readonly signal?: AbortSignal
}

export class CoordinatorClient {
  /** The pinned key. */
  readonly coordinator: UserId
  readonly #peer: Peer
  readonly #catalogue: Catalogue | undefined
  readonly #line: CoordinatorLine
  readonly #now: () => number
  readonly #kept = new Map<BaseId, { readonly publication: Publication; readonly at: number }>()

  /** Connects to nothing yet. @throws OppuError INVALID_ARGUMENT for an address without a peer id. */
  constructor(options: CoordinatorClientOptions) {
    this.coordinator = options.coordinator ?? userIdOfAddress(options.address)
    this.#peer = options.peer
    this.#catalogue = options.catalogue
    this.#line = new CoordinatorLine({ ...options, coordinator: this.coordinator })
    this.#now = options.now ?? Date.now
  }

  /** The key that signs at present, as far as is known: the pinned one, or where the changes of keys lead from it. */
  get key(): UserId {
    return this.#line.key
  }

  /** Ids of the published bases. */
  async bases(options: Waiting = {}): Promise<BaseId[]> {
    return this.#line.askOrKept(
      'bases',
      [{ listBases: {} }, { listManifests: {} }],
      'manifest',
      options,
      body => decode(oppu.IdList, body).ids.map(id => idFromBytes<BaseId>(id)),
    )
  }

  /** Every published manifest; those that are kept are not asked for again. @throws as `manifest`. */
  async manifests(options: Waiting = {}): Promise<VerifiedManifest[]> {
    const manifests: VerifiedManifest[] = []
    for (const id of await this.bases(options))
      manifests.push((await this.#keptManifest(id)) ?? (await this.manifest(id, options)))
    return manifests
  }

  /** @throws OppuError NOT_FOUND, BAD_SIGNATURE, PROTOCOL_VIOLATION (another manifest than asked for), and `call`'s. */
  async manifest(id: BaseId, options: Waiting = {}): Promise<VerifiedManifest> {
    const request = { getManifest: { id: idToBytes(id) } }
    return this.#line.askOrKept(`manifest-${id}`, [request], 'manifest', options, body =>
      this.#openManifest(id, body),
    )
  }

  /** What is kept of the coordinator's word about a base, for peers to pass on; read and checked once a minute at most. */
  async kept(id: BaseId): Promise<Publication | undefined> {
    const last = this.#kept.get(id)
    if (last !== undefined && this.#now() - last.at < KEPT_MS) return last.publication
    await this.#line.readKept()
    const kept = await this.#keptManifest(id)
    if (kept === undefined) return undefined
    const { signed: published, signedLicence: licence } = kept
    const publication = { published, ...(licence === undefined ? {} : { licence }), keys: this.#line.changes }
    this.#kept.set(id, { publication, at: this.#now() })
    return publication
  }

  /**
   * The manifest of a base as a peer passed it on, if this coordinator signed that; kept then as its own answer is. A peer
   * can leave the licence away: so a word without one is not kept, and counts less than one with it that is.
   */
  async passedOn(
    id: BaseId,
    { published, licence, keys }: Publication,
  ): Promise<VerifiedManifest | undefined> {
    if (published === undefined) return undefined
    const body = oppu.PublishedManifest.encode({
      manifest: signedToMessage(published),
      ...(licence === undefined ? {} : { licence: signedToMessage(licence) }),
    }).finish()
    try {
      await this.#line.follow(keys)
      const manifest = this.#openManifest(id, body)
      if (licence === undefined) return (await this.#keptManifest(id)) ?? manifest
      await this.#catalogue?.keep(`manifest-${id}`, body)
      return manifest
    } catch (error) {
      if (!isOppuError(error) || error.code === 'DISK_FULL') throw error
      return undefined // another coordinator's word, an old one, or nobody's
    }
  }

  /**
   * What names and tags stand for. Of each the highest serial that this node has ever seen, whatever came this time.
   * @throws OppuError BAD_SIGNATURE when any is not the coordinator's.
   */
  async releases(options: Waiting = {}): Promise<Release[]> {
    await this.#line.readKept()
    const kept = (await this.#catalogue?.read('releases'))?.bytes
    const newest = new Map<string, { readonly release: Release; readonly signed: Signed }>()
    const take = (signed: Signed, signer: UserId) => {
      const release = openRelease(signed, signer)
      const before = newest.get(releaseKey(release))
      const same = before !== undefined && Buffer.compare(before.signed.bytes, signed.bytes) === 0
      if (before === undefined || same || release.serial > before.release.serial)
        newest.set(releaseKey(release), { release, signed })
    }
    // What was kept before a change of keys is signed with an earlier one, and counts against going back all the same.
    const known = this.#line.knownKeys
    for (const message of kept === undefined ? [] : decode(oppu.ReleaseList, kept).releases) {
      const signed = signedFromMessage(message)
      if (known.includes(signed.signer)) take(signed, signed.signer)
    }
    await this.#line.unlessUnreachable(async () => {
      const body = await this.#line.askFirst([{ listReleases: {} }], 'manifest', options)
      if (body === undefined) return // a coordinator from before there were releases
      readAnswer(() => {
        for (const message of decode(oppu.ReleaseList, body).releases)
          take(signedFromMessage(message), this.key)
      })
      const releases = [...newest.values()].map(({ signed }) => signedToMessage(signed))
      await this.#catalogue?.keep('releases', oppu.ReleaseList.encode({ releases }).finish())
    }, 'releases')
    return [...newest.values()].map(({ release }) => release)
  }

  /** The tasks that have not expired. @throws OppuError BAD_SIGNATURE when any is not the coordinator's. */
  async tasks(options: Waiting = {}): Promise<VerifiedTask[]> {
    const tasks = await this.#line.askOrKept('tasks', [{ listTasks: {} }], 'membership', options, body =>
      decode(oppu.TaskList, body).tasks.map(message => {
        const signed = signedFromMessage(message)
        const task = decodeTask(verifyBytes('task', signed, this.key))
        return { id: taskId(task), task, signed }
      }),
    )
    return tasks.filter(({ task }) => task.expiresAt > this.#now())
  }

  /** Addresses of members that said they hold a base; this peer's own are among them when it said so. */
  async providers(id: BaseId, options: Waiting = {}): Promise<string[]> {
    const request = { listProviders: { id: idToBytes(id) } }
    const { providersPerBase, addressesPerAnnouncement, address: longest } = COORDINATOR_LIMITS
    return this.#line.askOrKept(`providers-${id}`, [request], 'membership', options, body =>
      decode(oppu.ProviderList, body)
        .providers.slice(0, providersPerBase)
        .flatMap(({ addresses }) => (addresses ?? []).slice(0, addressesPerAnnouncement))
        .filter(address => address.length <= longest && hasPeerId(address)),
    )
  }

  /** Says that this peer provides `bases` at `addresses` (its own, by default). Returns when that is forgotten, in ms from now. */
  async announce(
    bases: readonly BaseId[],
    options: Waiting & { readonly addresses?: readonly string[] } = {},
  ): Promise<number> {
    const { basesPerAnnouncement, addressesPerAnnouncement, announcementMs } = COORDINATOR_LIMITS
    if (bases.length > basesPerAnnouncement)
      throw new OppuError('TOO_LARGE', `more than ${basesPerAnnouncement} bases to announce`)
    const addresses = (options.addresses ?? this.#peer.addresses()).slice(0, addressesPerAnnouncement)
    const announcement = { baseIds: bases.map(idToBytes), addresses }
    const { expiresIn } = await this.#line.ask(
      { announce: announcement },
      oppu.Announced,
      'membership',
      options,
    )
    return Math.min(Math.max(expiresIn, 1) * 1000, announcementMs)
  }

  /** Announces what `bases` returns now and again before it is forgotten, until disposed of. Failures are tried again. */
  stayAnnounced(bases: () => readonly BaseId[], addresses?: readonly string[]): AsyncDisposable {
    const stop = new AbortController()
    const loop = async () => {
      while (!stop.signal.aborted) {
        const again = await this.announce(bases(), {
          signal: stop.signal,
          ...(addresses === undefined ? {} : { addresses }),
        }).catch(() => RETRY_MS * 3)
        await setTimeout(again / 3, undefined, { signal: stop.signal }).catch(() => {})
      }
    }
    const running = loop()
    return {
      async [Symbol.asyncDispose]() {
        stop.abort()
        await running
      },
    }
  }

  /**
   * Signs a report with the user's 32-byte seed and hands it in. The user must have agreed to it.
   * @throws OppuError REFUSED below the task's minimum, or when this adapter was reported on before.
   */
  async report(
    report: Report,
    task: EvaluationTask,
    userSeed: Uint8Array,
    options: Waiting = {},
  ): Promise<void> {
    const signed = signBytes('report', encodeReport(report, task), userSeed)
    await this.#line.ask({ report: signedToMessage(signed) }, oppu.Accepted, 'report', options)
  }

  /**
   * Joins a private community: from now on this peer's key is on the list that comes back.
   * @throws OppuError what the coordinator answers, see protocol/README.md, "Private communities".
   */
  async join(invitation: Signed, options: Waiting = {}): Promise<MemberNews> {
    const request = { join: signedToMessage(invitation) }
    const list = await this.#line.ask(request, oppu.MemberList, 'membership', options)
    return readAnswer(() => memberNewsFrom(list))
  }

  /** The list of members, where there is a newer one than that of `serial`; its signature is not checked here. */
  async members(serial: number, options: Waiting = {}): Promise<MemberNews> {
    const request = { listMembers: { serial } }
    const list = await this.#line.ask(request, oppu.MemberList, 'membership', options)
    return readAnswer(() => memberNewsFrom(list))
  }

  /** A kept manifest that the key of today signed. */
  async #keptManifest(id: BaseId): Promise<VerifiedManifest | undefined> {
    const kept = await this.#catalogue?.read(`manifest-${id}`)
    try {
      return kept && this.#openManifest(id, kept.bytes)
    } catch (error) {
      if (!isOppuError(error)) throw error
      return undefined // it is asked for again
    }
  }

  #openManifest(id: BaseId, body: Uint8Array): VerifiedManifest {
    const { manifest: message, licence } = decode(oppu.PublishedManifest, body)
    const signed = signedFromMessage(message)
    const manifest = decodeManifest(verifyBytes('manifest', signed, this.key))
    if (baseId(manifest) !== id)
      throw new OppuError('PROTOCOL_VIOLATION', 'the coordinator sent another manifest than asked for')
    if (licence == null) return { id, manifest, signed }
    const signedLicence = signedFromMessage(licence)
    return { id, manifest, signed, signedLicence, licenceText: openLicence(id, signedLicence, this.key) }
  }
}

/** What a coordinator passes on may be anything. */
function hasPeerId(address: string): boolean {
  try {
    return peerIdOf(address) !== ''
  } catch {
    return false
  }
}
