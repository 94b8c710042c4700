/**
 * A member's side of the coordinator protocol. It pins the coordinator's key, and follows it through changes of keys: what
 * that key did not sign does not come out of here, whoever handed it over, so a stand-in or a relay can serve it but
 * not change it. What it was answered is kept in a catalogue, and used where no coordinator can be reached.
 *
 * Leaves to eval what a task means and to the caller whether the user agreed to a report. It can send nothing but
 * questions, announcements and reports, because the protocol has no message for anything else.
 */
import { setTimeout } from 'node:timers/promises'
import { decodeMessage } from '../../protocol/canonical.ts'
import { type ErrorCode, isOppuError, OppuError } from '../../protocol/errors.ts'
import { type BaseId, idFromBytes, idToBytes, shortId, type TaskId, type UserId } from '../../protocol/ids.ts'
import { currentKey, followKeys } from '../../protocol/key-change.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
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
import { call } from '../../protocol/rpc.ts'
import { decodeTask, type EvaluationTask, encodeReport, type Report, taskId } from '../../protocol/task.ts'
import type { Catalogue, CatalogueName } from '../store/catalogue.ts'
import { type MemberNews, memberNewsFrom } from './member-news.ts'
import { type OutgoingCategory, type Peer, peerIdOf, userIdOfAddress } from './peer.ts'

/** An announcement that failed is tried again after this long. */
const RETRY_MS = 5000

export interface VerifiedManifest {
  readonly id: BaseId
  readonly manifest: BaseManifest
  /** Text of the licence, where the coordinator gave one. */
  readonly licenceText?: string
  readonly signed: Signed
}

export interface VerifiedTask {
  readonly id: TaskId
  readonly task: EvaluationTask
  readonly signed: Signed
}

export interface CoordinatorClientOptions {
  /** Stays the caller's to close. */
  readonly peer: Peer
  /** Where the coordinator is, ending in `/p2p/<id>`. */
  readonly address: string
  /** Where else it may be, or a stand-in with the same key; asked in turn. */
  readonly standIns?: readonly string[]
  /** Where answers are kept; without one nothing is, and nothing is known when no coordinator can be reached. */
  readonly catalogue?: Catalogue
  /** Told when what is kept is used. */
  readonly onNote?: ((text: string) => void) | undefined
  /** The key to trust; that of the address's peer id where absent. */
  readonly coordinator?: UserId
  /** Milliseconds since 1970, against which tasks expire. */
  readonly now?: () => number
}

interface Waiting {
  readonly signal?: AbortSignal
}

export class CoordinatorClient {
  /** The pinned key. */
  readonly coordinator: UserId
  readonly #peer: Peer
  readonly #catalogue: Catalogue | undefined
  readonly #note: (text: string) => void
  readonly #now: () => number
  /** The one that answered last is first. */
  #addresses: readonly string[]
  /** Addresses that have told of their changes of keys. */
  readonly #greeted = new Set<string>()
  /** The changes of keys that are known; undefined until what is kept has been read. */
  #changes: readonly Signed[] | undefined
  #saidKept = false

  /** Connects to nothing yet. @throws OppuError INVALID_ARGUMENT for an address without a peer id. */
  constructor(options: CoordinatorClientOptions) {
    this.coordinator = options.coordinator ?? userIdOfAddress(options.address)
    this.#peer = options.peer
    this.#addresses = [...new Set([options.address, ...(options.standIns ?? [])])]
    for (const address of this.#addresses) peerIdOf(address)
    this.#catalogue = options.catalogue
    this.#note = options.onNote ?? (() => {})
    this.#now = options.now ?? Date.now
  }

  /** The key that signs at present, as far as is known: the pinned one, or where the changes of keys lead from it. */
  get key(): UserId {
    return currentKey(this.coordinator, this.#changes ?? [])
  }

  /** Ids of the published bases. */
  async bases(options: Waiting = {}): Promise<BaseId[]> {
    return this.#askOrKept('bases', [{ listBases: {} }, { listManifests: {} }], 'manifest', options, body =>
      decode(oppu.IdList, body).ids.map(id => idFromBytes<BaseId>(id)),
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
    return this.#askOrKept(`manifest-${id}`, [request], 'manifest', options, body =>
      this.#openManifest(id, body),
    )
  }

  /**
   * What names and tags stand for. Of each the highest serial that this node has ever seen, whatever came this time.
   * @throws OppuError BAD_SIGNATURE when any is not the coordinator's.
   */
  async releases(options: Waiting = {}): Promise<Release[]> {
    await this.#readKept()
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
    const known = this.#knownKeys()
    for (const message of kept === undefined ? [] : decode(oppu.ReleaseList, kept).releases) {
      const signed = signedFromMessage(message)
      if (known.includes(signed.signer)) take(signed, signed.signer)
    }
    await this.#unlessUnreachable(async () => {
      const body = await this.#askFirst([{ listReleases: {} }], 'manifest', options)
      if (body === undefined) return // a coordinator from before there were releases
      this.#read(() => {
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
    const tasks = await this.#askOrKept('tasks', [{ listTasks: {} }], 'membership', options, body =>
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
    return this.#askOrKept(`providers-${id}`, [request], 'membership', options, body =>
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
    const { expiresIn } = await this.#ask({ announce: announcement }, oppu.Announced, 'membership', options)
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
    await this.#ask({ report: signedToMessage(signed) }, oppu.Accepted, 'report', options)
  }

  /**
   * Joins a private community: from now on this peer's key is on the list that comes back.
   * @throws OppuError what the coordinator answers, see protocol/README.md, "Private communities".
   */
  async join(invitation: Signed, options: Waiting = {}): Promise<MemberNews> {
    const request = { join: signedToMessage(invitation) }
    const list = await this.#ask(request, oppu.MemberList, 'membership', options)
    return this.#read(() => memberNewsFrom(list))
  }

  /** The list of members, where there is a newer one than that of `serial`; its signature is not checked here. */
  async members(serial: number, options: Waiting = {}): Promise<MemberNews> {
    const request = { listMembers: { serial } }
    const list = await this.#ask(request, oppu.MemberList, 'membership', options)
    return this.#read(() => memberNewsFrom(list))
  }

  async #ask<T>(
    request: oppu.CoordinatorRequest.$Properties,
    reply: Decoder<T>,
    category: OutgoingCategory,
    options: Waiting,
  ): Promise<T> {
    const body = await this.#send(request, category, options)
    return this.#read(() => decode(reply, body))
  }

  /** Asks, keeps what was answered when `open` has found it good, and opens what was kept where nobody answers. */
  async #askOrKept<T>(
    name: CatalogueName,
    requests: Alternatives,
    category: OutgoingCategory,
    options: Waiting,
    open: (body: Uint8Array) => T,
  ): Promise<T> {
    await this.#readKept()
    const asked = await this.#unlessUnreachable(async () => {
      const body = (await this.#askFirst(requests, category, options)) ?? new Uint8Array()
      const value = this.#read(() => open(body))
      await this.#catalogue?.keep(name, body)
      return { value }
    }, name)
    if (asked !== undefined) return asked.value
    return open((await this.#catalogue?.read(name))?.bytes ?? new Uint8Array())
  }

  /** Undefined where no coordinator can be reached and something is kept under `name`. */
  async #unlessUnreachable<T>(work: () => Promise<T>, name: CatalogueName): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!isUnreachable(error)) throw error
      const kept = await this.#catalogue?.read(name)
      if (kept === undefined) throw error
      if (!this.#saidKept)
        this.#note(
          `the coordinator cannot be reached: going by what it said ${describeAge(this.#now() - kept.savedAt)} ago`,
        )
      this.#saidKept = true
      return undefined
    }
  }

  /** The answer to the first of the requests that the coordinator knows; undefined where it knows none. */
  async #askFirst(
    requests: Alternatives,
    category: OutgoingCategory,
    options: Waiting,
  ): Promise<Uint8Array | undefined> {
    for (const request of requests) {
      try {
        return await this.#send(request, category, options)
      } catch (error) {
        // How a coordinator of an earlier version answers what it does not know.
        if (!isOppuError(error, 'PROTOCOL_VIOLATION')) throw error
        if (request === requests.at(-1) && request.listReleases == null) throw error
      }
    }
    return undefined
  }

  /** Sends a request to one address after the other until one answers. */
  async #send(
    request: oppu.CoordinatorRequest.$Properties,
    category: OutgoingCategory,
    options: Waiting,
  ): Promise<Uint8Array> {
    let failure: unknown
    for (const address of this.#addresses) {
      try {
        if (request.join == null) await this.#greet(address, options)
        const body = await this.#sendTo(address, request, category, options)
        this.#addresses = [address, ...this.#addresses.filter(other => other !== address)]
        return body
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!isUnreachable(error)) throw error
        failure ??= error
      }
    }
    throw failure
  }

  async #sendTo(
    address: string,
    request: oppu.CoordinatorRequest.$Properties,
    category: OutgoingCategory,
    { signal }: Waiting,
  ): Promise<Uint8Array> {
    const waiting = signal === undefined ? {} : { signal }
    const duplex = await this.#peer.dial([address], PROTOCOLS.coordinator, { category, ...waiting })
    const { manifestReply, reply } = COORDINATOR_LIMITS
    const maximumReply = request.getManifest == null ? reply : manifestReply
    return call(duplex, oppu.CoordinatorRequest.encode(request).finish(), { maximumReply, ...waiting })
  }

  /**
   * Before the first request at an address: which changes of keys does it know? One that knows fewer than this node is an
   * older copy, and counts as one that cannot be reached.
   */
  async #greet(address: string, options: Waiting): Promise<void> {
    if (this.#greeted.has(address)) return
    await this.#readKept()
    const known = this.#changes ?? []
    const body = await this.#sendTo(address, { listKeys: {} }, 'membership', options).catch(
      (error: unknown) => {
        if (isOppuError(error, 'PROTOCOL_VIOLATION')) return undefined // from before keys could change
        throw error
      },
    )
    const changes = this.#read(() =>
      body === undefined ? [] : decode(oppu.KeyList, body).changes.map(signedFromMessage),
    )
    for (const [index, change] of known.entries()) {
      const theirs = changes[index]
      if (theirs === undefined)
        throw new OppuError('UNAVAILABLE', `at ${address} an older copy of the coordinator answers`)
      if (Buffer.compare(theirs.bytes, change.bytes) !== 0)
        throw new OppuError(
          'BAD_SIGNATURE',
          "the coordinator's keys have another history than this node knows",
        )
    }
    const key = this.#read(() => currentKey(this.coordinator, changes))
    if (body !== undefined && changes.length > known.length) {
      await this.#catalogue?.keep('keys', body)
      this.#note(`the coordinator has changed its key: ${shortId(key)} signs from now on`)
    }
    this.#changes = changes
    this.#greeted.add(address)
  }

  /** Reads the changes of keys that are kept, once. @throws OppuError when they do not hold: the disk was changed. */
  async #readKept(): Promise<void> {
    if (this.#changes !== undefined) return
    const kept = await this.#catalogue?.read('keys')
    const changes = kept === undefined ? [] : decode(oppu.KeyList, kept.bytes).changes.map(signedFromMessage)
    currentKey(this.coordinator, changes)
    this.#changes ??= changes
  }

  /** The pinned key and all others of its chain. */
  #knownKeys(): readonly UserId[] {
    const [first] = this.#changes ?? []
    return first === undefined ? [this.coordinator] : followKeys(first.signer, this.#changes ?? [])
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
    return { id, manifest, signed, licenceText: openLicence(id, signedFromMessage(licence), this.key) }
  }

  /** What cannot be read from the coordinator is its fault, not this side's data's. */
  #read<T>(read: () => T): T {
    try {
      return read()
    } catch (cause) {
      if (isOppuError(cause) && cause.code !== 'INVALID_DATA') throw cause
      throw new OppuError('PROTOCOL_VIOLATION', 'the coordinator sent what cannot be read', { cause })
    }
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

type Decoder<T> = { decode(bytes: Uint8Array): T }
/** Requests of which a coordinator may know only the last. */
type Alternatives = readonly oppu.CoordinatorRequest.$Properties[]

function decode<T>(type: Decoder<T>, body: Uint8Array): T {
  return decodeMessage(type, body, COORDINATOR_LIMITS.manifestReply, 'a reply')
}

/** Nobody answered, or nobody who could. */
function isUnreachable(error: unknown): boolean {
  return isOppuError(error) && UNREACHABLE.has(error.code)
}
const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(['CONNECTION_FAILED', 'TIMEOUT', 'UNAVAILABLE'])

function describeAge(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  if (minutes < 120) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / (24 * 60))} days`
}
