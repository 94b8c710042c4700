/**
 * A member's side of the coordinator protocol. It pins the coordinator's key: what that key did not sign does not
 * come out of here, whoever handed it over, so a stand-in or a relay can serve it but not change it.
 *
 * Leaves to eval what a task means and to the caller whether the user agreed to a report. It can send nothing but
 * questions, announcements and reports, because the protocol has no message for anything else.
 */
import { setTimeout } from 'node:timers/promises'
import { decodeMessage } from '../../protocol/canonical.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { type BaseId, idFromBytes, idToBytes, type TaskId, type UserId } from '../../protocol/ids.ts'
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
import { call } from '../../protocol/rpc.ts'
import { decodeTask, type EvaluationTask, encodeReport, type Report, taskId } from '../../protocol/task.ts'
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
  readonly #address: string
  readonly #now: () => number

  /** Connects to nothing yet. @throws OppuError INVALID_ARGUMENT for an address without a peer id. */
  constructor(options: CoordinatorClientOptions) {
    this.coordinator = options.coordinator ?? userIdOfAddress(options.address)
    this.#peer = options.peer
    this.#address = options.address
    this.#now = options.now ?? Date.now
  }

  /** Ids of the published bases. */
  async bases(options: Waiting = {}): Promise<BaseId[]> {
    const reply = await this.#ask({ listManifests: {} }, oppu.IdList, 'manifest', options)
    return this.#read(() => reply.ids.map(id => idFromBytes<BaseId>(id)))
  }

  /** Every published manifest. @throws as `manifest`. */
  async manifests(options: Waiting = {}): Promise<VerifiedManifest[]> {
    const manifests: VerifiedManifest[] = []
    for (const id of await this.bases(options)) manifests.push(await this.manifest(id, options))
    return manifests
  }

  /** @throws OppuError NOT_FOUND, BAD_SIGNATURE, PROTOCOL_VIOLATION (another manifest than asked for), and `call`'s. */
  async manifest(id: BaseId, options: Waiting = {}): Promise<VerifiedManifest> {
    const reply = await this.#ask(
      { getManifest: { id: idToBytes(id) } },
      oppu.PublishedManifest,
      'manifest',
      options,
    )
    const signed = this.#read(() => signedFromMessage(reply.manifest))
    const manifest = this.#read(() => decodeManifest(verifyBytes('manifest', signed, this.coordinator)))
    if (baseId(manifest) !== id)
      throw new OppuError('PROTOCOL_VIOLATION', 'the coordinator sent another manifest than asked for')
    const licence = reply.licence
    if (licence == null) return { id, manifest, signed }
    return {
      id,
      manifest,
      signed,
      licenceText: this.#read(() => openLicence(id, signedFromMessage(licence), this.coordinator)),
    }
  }

  /** The tasks that have not expired. @throws OppuError BAD_SIGNATURE when any is not the coordinator's. */
  async tasks(options: Waiting = {}): Promise<VerifiedTask[]> {
    const reply = await this.#ask({ listTasks: {} }, oppu.TaskList, 'membership', options)
    const tasks = this.#read(() =>
      reply.tasks.map(message => {
        const signed = signedFromMessage(message)
        const task = decodeTask(verifyBytes('task', signed, this.coordinator))
        return { id: taskId(task), task, signed }
      }),
    )
    return tasks.filter(({ task }) => task.expiresAt > this.#now())
  }

  /** Addresses of members that said they hold a base; this peer's own are among them when it said so. */
  async providers(id: BaseId, options: Waiting = {}): Promise<string[]> {
    const reply = await this.#ask(
      { listProviders: { id: idToBytes(id) } },
      oppu.ProviderList,
      'membership',
      options,
    )
    const { providersPerBase, addressesPerAnnouncement, address: longest } = COORDINATOR_LIMITS
    const providers = reply.providers
      .slice(0, providersPerBase)
      .map(({ addresses }) => (addresses ?? []).slice(0, addressesPerAnnouncement))
    return providers.flat().filter(address => address.length <= longest && hasPeerId(address))
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
    reply: { decode(bytes: Uint8Array): T },
    category: OutgoingCategory,
    { signal }: Waiting,
  ): Promise<T> {
    const waiting = signal === undefined ? {} : { signal }
    const duplex = await this.#peer.dial([this.#address], PROTOCOLS.coordinator, { category, ...waiting })
    const bytes = oppu.CoordinatorRequest.encode(request).finish()
    const { manifestReply, reply: otherReply } = COORDINATOR_LIMITS
    const maximumReply = request.getManifest == null ? otherReply : manifestReply
    const body = await call(duplex, bytes, { maximumReply, ...waiting })
    return this.#read(() => decodeMessage(reply, body, maximumReply, 'a reply'))
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
