/**
 * The coordinator of a community: signs and hands out manifests and tasks, says which members hold a base, and
 * takes reports. It never holds or serves a chunk, sends only answers, and has no message by which it could be
 * given anything else: what is not in the protocol's one request type is refused.
 *
 * Leaves manifests and members to registry.ts, tasks and reports to tasks.ts, what crosses the wire to requests.ts.
 */
import { OppuError } from '../protocol/errors.ts'
import type { BaseId, TaskId, UserId } from '../protocol/ids.ts'
import { COORDINATOR_LIMITS as LIMITS, PROTOCOLS } from '../protocol/limits.ts'
import { type BaseManifest, userIdFromSeed } from '../protocol/manifest.ts'
import { type Answer, serve } from '../protocol/rpc.ts'
import type { EvaluationTask } from '../protocol/task.ts'
import type { CoordinatorConfig } from './config.ts'
import { Membership } from './members.ts'
import { Listener, peerIdOfKey } from './peer.ts'
import { Registry } from './registry.ts'
import {
  answer,
  type Handlers,
  memberHandlers,
  readRequest,
  registryHandlers,
  taskHandlers,
} from './requests.ts'
import { readOrMakeSeed, State } from './state.ts'
import { type ReceivedReport, Tasks } from './tasks.ts'

export interface CoordinatorOptions extends CoordinatorConfig {
  /** Folder of the coordinator: its key and all that it publishes and receives. */
  readonly home: string
  /** 32-byte Ed25519 seed; read from (or made in) `<home>/coordinator.key` where absent. */
  readonly seed?: Uint8Array
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly signal?: AbortSignal
}

export class Coordinator implements AsyncDisposable {
  /** The key that members pin. */
  readonly id: UserId
  /** Who may connect and by which invitation. */
  readonly membership: Membership
  readonly #listener: Listener
  readonly #registry: Registry
  readonly #tasks: Tasks
  readonly #resources: AsyncDisposableStack
  readonly #rates: RateLimit
  readonly #handlers: Handlers
  #closed: Promise<void> | undefined

  private constructor(parts: {
    id: UserId
    listener: Listener
    registry: Registry
    tasks: Tasks
    membership: Membership
    now: () => number
    resources: AsyncDisposableStack
  }) {
    this.id = parts.id
    this.membership = parts.membership
    this.#listener = parts.listener
    this.#registry = parts.registry
    this.#tasks = parts.tasks
    this.#rates = new RateLimit(LIMITS.requestsPerMinute, parts.now)
    this.#handlers = {
      ...registryHandlers(parts.registry),
      ...taskHandlers(parts.tasks),
      ...memberHandlers(parts.membership),
    }
    this.#resources = parts.resources
  }

  /** Opens the state in `home` and listens. @throws OppuError IN_USE, CONNECTION_FAILED, INVALID_ARGUMENT, INVALID_DATA. */
  static async open(options: CoordinatorOptions): Promise<Coordinator> {
    options.signal?.throwIfAborted()
    await using stack = new AsyncDisposableStack()
    const now = options.now ?? Date.now
    const state = stack.use(await State.open(options.home)) // locked: of two that start at once one makes the key
    const seed = options.seed ?? (await readOrMakeSeed(options.home))
    const registry = await Registry.open(state, seed, now)
    const tasks = await Tasks.open(state, seed, now)
    const membership = await Membership.open({ state, seed, now })
    const listener = stack.use(
      await Listener.open({
        seed,
        listen: options.listen,
        admits: key => membership.admits(key),
        networkKey: membership.networkKey,
      }),
    )
    const coordinator = new Coordinator({
      id: userIdFromSeed(seed),
      listener,
      registry,
      tasks,
      membership,
      now,
      resources: stack.move(),
    })
    try {
      await coordinator.#listen()
      options.signal?.throwIfAborted()
    } catch (error) {
      await coordinator.close()
      throw error
    }
    return coordinator
  }

  /** Where members reach it, each ending in `/p2p/<id>`; empty when it does not listen. */
  addresses(): string[] {
    return this.#listener.addresses()
  }

  /** Bytes of all protocol streams so far: what shows that no base went through here. */
  get traffic(): { readonly sent: number; readonly received: number } {
    return this.#listener.traffic
  }

  /** Signs and keeps a base's manifest. @throws OppuError INVALID_DATA, TOO_LARGE, DISK_FULL. */
  async publishManifest(
    manifest: BaseManifest,
    options: { readonly licenceText?: string } = {},
  ): Promise<BaseId> {
    this.#demandOpen()
    return this.#registry.publish(manifest, options.licenceText)
  }

  /** Signs and keeps a task for a published base. @throws OppuError NOT_FOUND, INVALID_DATA, TOO_LARGE, DISK_FULL. */
  async publishTask(task: EvaluationTask): Promise<TaskId> {
    this.#demandOpen()
    if (!this.#registry.has(task.baseId))
      throw new OppuError('NOT_FOUND', `no base ${task.baseId} is published here`)
    return this.#tasks.publish(task)
  }

  /** Ids of the published bases. */
  bases(): BaseId[] {
    this.#demandOpen()
    return this.#registry.bases()
  }

  /** Reports received, for one task where given. */
  async reports(task?: TaskId): Promise<ReceivedReport[]> {
    this.#demandOpen()
    return this.#tasks.reports(task)
  }

  /** Ends what is in flight and stops. */
  close(): Promise<void> {
    this.#closed ??= this.#resources.disposeAsync()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #listen(): Promise<void> {
    this.membership.onExpelled(key => {
      const peer = peerIdOfKey(key)
      this.#registry.forget(peer)
      void this.#listener.hangUp(peer)
    })
    await this.#listener.handle(
      PROTOCOLS.coordinator,
      LIMITS.streamsPerConnection,
      (duplex, { remote, key, signal }) => {
        const respond = async (bytes: Uint8Array): Promise<Answer> => {
          this.#rates.take(remote)
          const asked = readRequest(this.#handlers, bytes)
          if (asked.kind !== 'join' && !this.membership.admits(key))
            throw new OppuError('NOT_A_MEMBER', 'strangers may only join')
          return { body: await answer(this.#handlers, asked, { remote, key }) }
        }
        return serve(duplex, respond, { maximumRequest: LIMITS.request, signal })
      },
    )
  }

  #demandOpen(): void {
    if (this.#closed !== undefined) throw new OppuError('CLOSED', 'the coordinator is closed')
  }
}

/** So many requests a minute from each peer, counted anew every minute. */
class RateLimit {
  readonly #most: number
  readonly #now: () => number
  readonly #counts = new Map<string, number>()
  #minute = 0

  constructor(most: number, now: () => number) {
    this.#most = most
    this.#now = now
  }

  /** @throws OppuError REFUSED when `peer` asks too often. */
  take(peer: string): void {
    const minute = Math.floor(this.#now() / 60_000)
    if (minute !== this.#minute) this.#counts.clear()
    this.#minute = minute
    const count = (this.#counts.get(peer) ?? 0) + 1
    this.#counts.set(peer, count)
    if (count > this.#most) throw new OppuError('REFUSED', 'too many requests in this minute')
  }
}
