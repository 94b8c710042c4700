/**
 * What this node does with others: joins a coordinator, pulls bases from peers, provides its own. It joins the swarm's
 * parts to the store's; each room keeps its own rules. History, adapters and keys have no way out through here.
 */
import { isOppuError, OppuError, only } from '../protocol/errors.ts'
import { type BaseId, shortId, type TaskId } from '../protocol/ids.ts'
import type { EvaluationTask, Report } from '../protocol/task.ts'
import { isWhole } from './base/whole-files.ts'
import { type JoinResult, join, openMemberPeer, pinnedKey } from './community.ts'
import { readNodeConfig, writeNodeConfig } from './config.ts'
import type { OwnEvaluation } from './learning.ts'
import type { AuditLog } from './store/audit.ts'
import type { Bases } from './store/bases.ts'
import { Catalogue, demandLicence, type LicenceOffer } from './store/catalogue.ts'
import { ChunkFolder, partialFolder } from './store/chunks.ts'
import { readOutline } from './store/outlines.ts'
import type { Reports } from './store/reports.ts'
import type { Vault } from './store/vault.ts'
import { CoordinatorClient } from './swarm/coordinator-client.ts'
import { type FetchProgress, fetchBase } from './swarm/fetcher.ts'
import { Peer, type PeerOptions, peerIdOf } from './swarm/peer.ts'
import { Provider } from './swarm/provider.ts'
import { findPublished } from './swarm/published.ts'

interface Waiting {
  readonly onNote?: (text: string) => void
  readonly signal?: AbortSignal
}

export interface PullOptions extends Waiting {
  readonly onProgress?: (progress: FetchProgress) => void
  /** Puts a licence before the user and says whether it was accepted; without it only bases are pulled that need none. */
  readonly acceptLicence?: (offer: LicenceOffer) => Promise<boolean>
}

export interface PullResult {
  readonly id: BaseId
  readonly name: string
  readonly bytes: number
  /** Verified bytes by the peer they came from. */
  readonly received: Readonly<Record<string, number>>
  /** Chunks that came wrong and were fetched again. */
  readonly refetched: number
  readonly seconds: number
}

export interface Providing extends AsyncDisposable {
  readonly peer: string
  readonly addresses: readonly string[]
  readonly bases: readonly BaseId[]
}

export interface PeeringParts {
  readonly home: string
  readonly bases: Bases
  readonly unlock: () => Promise<Vault>
  readonly reports: () => Promise<Reports>
  /** Told of every message that leaves. */
  readonly audit: AuditLog
}

export class Peering {
  readonly #home: string
  readonly #bases: Bases
  readonly #parts: PeeringParts

  constructor(parts: PeeringParts) {
    this.#home = parts.home
    this.#bases = parts.bases
    this.#parts = parts
  }

  /** Joins a community by an invitation or a coordinator's address. @throws those of community.ts's `join`. */
  async join(invitationOrAddress: string, options: Waiting = {}): Promise<JoinResult> {
    return join(await this.#asMember([], options), invitationOrAddress, options)
  }

  /** Remembers where else the coordinator may be reached, when told; returns what is remembered. @throws INVALID_ARGUMENT. */
  async standIns(addresses?: readonly string[]): Promise<readonly string[]> {
    const config = await readNodeConfig(this.#home)
    if (addresses === undefined) return config.standIns
    for (const address of addresses) peerIdOf(address)
    await writeNodeConfig(this.#home, { ...config, standIns: addresses })
    return addresses
  }

  /**
   * Pulls a published base, named as `findPublished` says, from the peers that provide it; what an earlier pull left is
   * kept. A licence is accepted before anything is fetched or written.
   * @throws OppuError NOT_FOUND, AMBIGUOUS, LICENCE_NOT_ACCEPTED, NO_PROVIDER, and those of `fetchBase` and `ChunkFolder`.
   */
  async pull(wanted: string | undefined, options: PullOptions = {}): Promise<PullResult> {
    const started = Date.now()
    await using peer = await this.#openPeer([], options)
    const client = await this.#coordinator(peer, options)
    const { id, manifest, licenceText, release } = await findPublished(client, wanted, options)
    const as = release === undefined ? '' : `${release.name}:${release.tag} is `
    options.onNote?.(
      `${as}${manifest.name} ${shortId(id)}: signed by coordinator ${shortId(client.key)}, signature good`,
    )
    const { name } = manifest
    const here = (await this.#bases.list()).find(base => base.id === id)
    if (here !== undefined) {
      if (await isWhole(here, options.signal)) {
        return { id, name, bytes: 0, received: {}, refetched: 0, seconds: 0 }
      }
      options.onNote?.(`the files of ${name} on this node are damaged: pulling them again`)
    }
    if (licenceText !== undefined) {
      const { licence } = manifest
      await demandLicence(this.#home, { base: id, name, licence, text: licenceText }, options.acceptLicence)
    }
    const providers = (await client.providers(id, options)).filter(
      address => !address.endsWith(`/${peer.id}`),
    )
    if (providers.length === 0) throw new OppuError('NO_PROVIDER', `no peer provides ${name} at the moment`)
    if (here !== undefined) await this.#bases.remove(id)
    const outline = await readOutline(partialFolder(this.#bases.folder, id), manifest)
    if (outline === undefined)
      throw new OppuError('NO_PROVIDER', `no peer has given the list of chunks of ${name}`)
    const folder = await ChunkFolder.open(this.#bases.folder, outline)
    try {
      const { onProgress, signal } = options
      const waiting = signal === undefined ? {} : { signal }
      const fetched = await fetchBase({
        peer,
        providers,
        into: folder,
        ...(onProgress ? { onProgress } : {}),
        ...waiting,
      })
      for (const { peer: id, error } of fetched.dropped)
        options.onNote?.(`dropped peer ${id}: ${error.message}`)
      const { bytes, from: received, refetchedChunks: refetched } = fetched
      return { id, name, bytes, received, refetched, seconds: (Date.now() - started) / 1000 }
    } finally {
      await folder.close()
    }
  }

  /** Provides every base of this node until disposed of. */
  async start(
    options: Waiting & { readonly listen: readonly string[]; readonly announce?: readonly string[] },
  ): Promise<Providing> {
    await using parts = new AsyncDisposableStack()
    const { signal } = options
    const peer = parts.use(await this.#openPeer(options.listen, options))
    const sources = []
    for (const { id } of await this.#bases.list()) sources.push(parts.use(await this.#bases.source(id)))
    parts.use(await Provider.open(peer, sources))
    const bases = sources.map(({ outline }) => outline.id)
    const addresses = (options.announce ?? peer.addresses()).map(address =>
      address.includes('/p2p/') ? address : `${address}/p2p/${peer.id}`,
    )
    for (const address of addresses)
      if (peerIdOf(address) !== peer.id)
        throw new OppuError('INVALID_ARGUMENT', `not an address of this peer: ${address}`)
    if ((await readNodeConfig(this.#home)).coordinator === '') {
      options.onNote?.('No coordinator joined: peers must be told this address. (oppu node join ADDRESS)')
    } else {
      const client = await this.#coordinator(peer, options)
      const waiting = signal === undefined ? {} : { signal }
      const announced = await this.#publishedOf(bases, client, options)
      // Without a coordinator peers are found in other ways; it is told when it is back.
      await client.announce(announced, { addresses, ...waiting }).catch((error: unknown) => {
        if (!isOppuError(error) || error.code === 'INVALID_ARGUMENT') throw error
        options.onNote?.(`not announced yet, trying again: ${error.message}`)
      })
      parts.use(client.stayAnnounced(() => announced, addresses))
    }
    const held = parts.move()
    return { peer: peer.id, addresses, bases, [Symbol.asyncDispose]: () => held.disposeAsync() }
  }

  /** Those of `bases` that the coordinator publishes; none while that is not known. */
  async #publishedOf(
    bases: readonly BaseId[],
    client: CoordinatorClient,
    { onNote, signal }: Waiting,
  ): Promise<BaseId[]> {
    let published: ReadonlySet<BaseId>
    try {
      published = new Set(await client.bases(signal === undefined ? {} : { signal }))
    } catch (error) {
      if (!isOppuError(error)) throw error
      onNote?.(`what the coordinator publishes is not known: ${error.message}`)
      return [...bases]
    }
    const announced = bases.filter(id => published.has(id))
    const others = bases.length - announced.length
    if (others > 0)
      onNote?.(`${others} of ${bases.length} bases are not published by the coordinator: not announced`)
    return announced
  }

  /** A task by its id or first digits, verified. @throws OppuError NOT_FOUND, AMBIGUOUS, BAD_SIGNATURE. */
  async task(wanted: string, options: Waiting = {}): Promise<{ id: TaskId; task: EvaluationTask }> {
    await using peer = await this.#openPeer([], options)
    const client = await this.#coordinator(peer, options)
    const found = only(
      (await client.tasks(options)).filter(({ id }) => id.startsWith(wanted.toLowerCase())),
      `task ${wanted}`,
    )
    options.onNote?.(
      `task ${shortId(found.id)} "${found.task.title}": signed by coordinator ${shortId(client.key)}, signature good`,
    )
    return found
  }

  /**
   * Tells the coordinator an evaluation's counts and means, signed with the user's key. The user must have agreed to it.
   * A copy is kept, and the same adapter is never reported on twice for one task.
   * @throws OppuError REFUSED; those of CoordinatorClient.report.
   */
  async report(
    evaluation: OwnEvaluation,
    { id, task }: { readonly id: TaskId; readonly task: EvaluationTask },
    options: Waiting = {},
  ): Promise<void> {
    const reports = await this.#parts.reports()
    await reports.demandNew(id, evaluation.adapter)
    await using peer = await this.#openPeer([], options)
    const client = await this.#coordinator(peer, options)
    const vault = await this.#parts.unlock()
    const report = reportOf(evaluation, id)
    await client.report(report, task, vault.signingSeed(), options)
    await reports.put({ ...report, sentAt: Date.now() })
  }

  async #openPeer(listen: readonly string[], options: Waiting): Promise<Peer> {
    return openMemberPeer(await this.#asMember(listen, options), options)
  }

  async #asMember(listen: readonly string[], { signal }: Waiting) {
    const vault = await this.#parts.unlock()
    const open = (membership: Pick<PeerOptions, 'gate' | 'networkKey'>) =>
      Peer.open({
        seed: vault.peerSeed(),
        listen,
        audit: message => this.#parts.audit.record(message),
        ...membership,
        ...(signal === undefined ? {} : { signal }),
      })
    return { home: this.#home, vault, open }
  }

  async #coordinator(peer: Peer, { onNote }: Waiting): Promise<CoordinatorClient> {
    const { coordinator: address, coordinatorKey, standIns } = await readNodeConfig(this.#home)
    if (address === '') throw new OppuError('NOT_FOUND', 'no coordinator joined yet: oppu node join ADDRESS')
    const coordinator = pinnedKey(address, coordinatorKey)
    const catalogue = new Catalogue(this.#home, coordinator)
    return new CoordinatorClient({ peer, address, standIns, coordinator, catalogue, onNote })
  }
}

/** What may be told of an evaluation: counts and means; the protocol rounds them. */
function reportOf(evaluation: OwnEvaluation, taskId: TaskId): Report {
  const { adapter, base, items, logLikelihood, metric } = evaluation
  const { name: _, ...scores } = metric
  return {
    version: 1,
    taskId,
    baseId: base,
    adapterId: adapter,
    items,
    logLikelihood,
    metric: scores,
  }
}
