/**
 * What this node does with others: joins a coordinator, pulls bases from peers, provides its own. It joins the swarm's
 * parts to the store's; each room keeps its own rules. History, adapters and keys have no way out through here.
 */
import { isOppuError, OppuError, only } from '../protocol/errors.ts'
import { type BaseId, shortId, type TaskId } from '../protocol/ids.ts'
import type { Release } from '../protocol/release.ts'
import type { EvaluationTask, Report } from '../protocol/task.ts'
import { type Repaired, repair } from './base/upkeep.ts'
import { type JoinResult, join, openMemberPeer, pinnedKey } from './community.ts'
import { readNodeConfig, writeNodeConfig } from './config.ts'
import type { OwnEvaluation } from './learning.ts'
import { type NetworkChoices, networkOptions, openNetwork } from './networking.ts'
import { type PullOptions, type PullResult, pullBase } from './pulling.ts'
import type { AuditLog } from './store/audit.ts'
import type { Bases } from './store/bases.ts'
import { Catalogue } from './store/catalogue.ts'
import type { ChunkSource } from './store/chunks.ts'
import type { Reports } from './store/reports.ts'
import { openUnfinished } from './store/unfinished.ts'
import type { Vault } from './store/vault.ts'
import { CoordinatorClient } from './swarm/coordinator-client.ts'
import { fetchBase } from './swarm/fetcher.ts'
import { fetchOutline } from './swarm/introduction.ts'
import { Peer, type PeerOptions, peerIdOf } from './swarm/peer.ts'
import { Provider } from './swarm/provider.ts'

export type { PullOptions, PullResult } from './pulling.ts'

interface Waiting {
  readonly onNote?: (text: string) => void
  readonly signal?: AbortSignal
}

export interface RepairResult extends Repaired {
  readonly id: BaseId
  readonly name: string
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

  /** Pulls a base, named as `findPublished` says or by its whole id; what an earlier pull left is kept. @throws as `pullBase`. */
  async pull(wanted: string | undefined, options: PullOptions = {}): Promise<PullResult> {
    await using peer = await this.#openPeer(options.listen ?? [], options, 'find peers')
    const { coordinator, bootstrap } = await readNodeConfig(this.#home)
    const client = coordinator === '' ? {} : { client: await this.#coordinator(peer, options) }
    const parts = { home: this.#home, bases: this.#bases, peer, told: bootstrap, ...client }
    return await pullBase(parts, wanted, options)
  }

  /**
   * Puts the damaged chunks of a base here right, from other bases here and, where those do not have them, from peers.
   * @throws OppuError NOT_FOUND, AMBIGUOUS; those of `repair` (base/upkeep.ts) and `fetchBase`.
   */
  async repair(
    wanted: string | undefined,
    options: Waiting & { readonly onBytes?: (bytes: number, total: number) => void } = {},
  ): Promise<RepairResult> {
    const base = await this.#bases.find(wanted)
    const { id, manifest } = base
    const { onBytes, signal } = options
    const waiting = signal === undefined ? {} : { signal }
    await using parts = new AsyncDisposableStack()
    const reach = async () => {
      const peer = parts.use(await this.#openPeer([], options, 'find peers'))
      const joined = (await readNodeConfig(this.#home)).coordinator !== ''
      const client = joined ? await this.#coordinator(peer, options) : undefined
      return { peer, network: parts.use(await this.#network(peer, client, options)) }
    }
    let reached: ReturnType<typeof reach> | undefined
    const helpers = async () => {
      reached ??= reach()
      const { peer, network } = await reached
      return { peer, providers: network.providers(id), ...waiting }
    }
    const repaired = await repair(
      this.#bases,
      base,
      {
        fetch: async into => {
          await fetchBase({ ...(await helpers()), into })
        },
        outline: async () => fetchOutline({ ...(await helpers()), manifest }),
      },
      { ...waiting, ...(onBytes ? { onProgress: onBytes } : {}) },
    )
    return { id, name: manifest.name, ...repaired }
  }

  /** What names and tags stand for; nothing where no coordinator was joined. @throws those of CoordinatorClient. */
  async releases(options: Waiting = {}): Promise<readonly Release[]> {
    if ((await readNodeConfig(this.#home)).coordinator === '') return []
    await using peer = await this.#openPeer([], options)
    return await (await this.#coordinator(peer, options)).releases(options)
  }

  /** Provides every base of this node, and what is here of those whose pull was cut short, until disposed of. */
  async start(
    options: Waiting & {
      /** Where the configuration says, when absent. */
      readonly listen?: readonly string[]
      readonly announce?: readonly string[]
      readonly relay?: boolean
      /** Bytes a second over all peers. */
      readonly uploadLimit?: number | undefined
    },
  ): Promise<Providing> {
    await using parts = new AsyncDisposableStack()
    const { signal } = options
    const config = await readNodeConfig(this.#home)
    const { listen = config.listen } = options
    const peer = parts.use(await this.#openPeer(listen, options, 'find peers'))
    const sources: ChunkSource[] = []
    for (const { id } of await this.#bases.list()) sources.push(parts.use(await this.#bases.source(id)))
    const unfinished = await openUnfinished(this.#bases, (id, error) =>
      options.onNote?.(`what is here of base ${shortId(id)} is not provided: ${error.message}`),
    )
    for (const folder of unfinished) sources.push(parts.use(folder))
    const { uploadLimit } = options
    const client = config.coordinator === '' ? undefined : await this.#coordinator(peer, options)
    parts.use(await Provider.open(peer, sources, { uploadLimit, published: async id => client?.kept(id) }))
    const bases = sources.map(({ outline }) => outline.id)
    const addresses = (options.announce ?? peer.addresses()).map(address =>
      address.includes('/p2p/') ? address : `${address}/p2p/${peer.id}`,
    )
    for (const address of addresses)
      if (peerIdOf(address) !== peer.id)
        throw new OppuError('INVALID_ARGUMENT', `not an address of this peer: ${address}`)
    const network = parts.use(await this.#network(peer, client, options))
    network.provide(bases)
    if (client === undefined) {
      options.onNote?.('No coordinator joined: peers must be told this address. (oppu node join ADDRESS)')
    } else {
      const waiting = signal === undefined ? {} : { signal }
      const announced = await this.#publishedOf(bases, client, options)
      // Without a coordinator peers are found in other ways; it is told when it is back.
      await client.announce(announced, { addresses, ...waiting }).catch((error: unknown) => {
        if (!isOppuError(error) || error.code === 'INVALID_ARGUMENT') throw error
        options.onNote?.(`not announced yet, trying again: ${error.message}`)
      })
      parts.use(client.stayAnnounced(() => announced, options.announce && addresses))
      peer.whileOpen(async signal => {
        // To be passed on with the bases.
        for (const id of announced)
          if ((await client.kept(id)) === undefined) await client.manifest(id, { signal })
      })
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

  /** With `find peers` it takes part in the network as the configuration says; else it only dials. */
  async #openPeer(
    listen: readonly string[],
    options: Waiting & NetworkChoices,
    purpose?: 'find peers',
  ): Promise<Peer> {
    return openMemberPeer(await this.#asMember(listen, options, purpose), options)
  }

  /** Whoever can be found to have a base; the coordinator is one of those asked. */
  async #network(peer: Peer, client: CoordinatorClient | undefined, { onNote, signal }: Waiting) {
    return openNetwork(this.#home, await readNodeConfig(this.#home), peer, {
      ...(client === undefined ? {} : { coordinator: (id, waiting) => client.providers(id, waiting) }),
      onFailure: (source, error) => onNote?.(`peers by way of ${source}: ${error.message}`),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  async #asMember(
    listen: readonly string[],
    { signal, announce, relay }: Waiting & NetworkChoices,
    purpose?: 'find peers',
  ) {
    const vault = await this.#parts.unlock()
    const config = await readNodeConfig(this.#home)
    const network = purpose && networkOptions(this.#home, config, { listen, announce, relay })
    const open = (membership: Pick<PeerOptions, 'gate' | 'networkKey'>) =>
      Peer.open({
        seed: vault.peerSeed(),
        listen,
        ...network,
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
