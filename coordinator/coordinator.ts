/**
 * The coordinator of a community: signs and hands out manifests and tasks, says which members hold a base, and
 * takes reports. It never holds or serves a chunk, sends only answers, and has no message by which it could be
 * given anything else: what is not in the protocol's one request type is refused.
 *
 * Leaves manifests and members to registry.ts, tasks and reports to tasks.ts, what crosses the wire to requests.ts.
 */
import { type ErrorCode, isOppuError, OppuError } from '../protocol/errors.ts'
import type { BaseId, TaskId, UserId } from '../protocol/ids.ts'
import { COORDINATOR_LIMITS as LIMITS, PROTOCOLS } from '../protocol/limits.ts'
import type { BaseManifest } from '../protocol/manifest.ts'
import type { Release } from '../protocol/release.ts'
import { type Answer, serve } from '../protocol/rpc.ts'
import type { EvaluationTask } from '../protocol/task.ts'
import type { CoordinatorConfig } from './config.ts'
import { Keys } from './keys.ts'
import { Membership } from './members.ts'
import { Listener, peerIdOfKey } from './peer.ts'
import { RateLimit } from './rate-limit.ts'
import { Registry, type Summary } from './registry.ts'
import { Releases } from './releases.ts'
import {
  answer,
  type Handlers,
  memberHandlers,
  type RequestKind,
  readRequest,
  registryHandlers,
  releaseHandlers,
  taskHandlers,
} from './requests.ts'
import { State } from './state.ts'
import { type ReceivedReport, Tasks } from './tasks.ts'

export interface CoordinatorOptions extends Pick<CoordinatorConfig, 'listen'> {
  /** Folder of the coordinator: its key and all that it publishes and receives. */
  readonly home: string
  /** 32-byte Ed25519 seed; read from (or made in) `<home>/coordinator.key` where absent. */
  readonly seed?: Uint8Array
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Told of every request when it has been answered. */
  readonly onRequest?: (event: RequestEvent) => void
  readonly signal?: AbortSignal
}

/** What one request was and came to; never what was in it. */
export interface RequestEvent {
  readonly kind: RequestKind | 'unknown'
  readonly outcome: 'ok' | ErrorCode
  readonly seconds: number
  /** Id of the peer that asked. */
  readonly peer: string
}

interface Parts {
  readonly state: State
  readonly keys: Keys
  readonly registry: Registry
  readonly releases: Releases
  readonly tasks: Tasks
  readonly membership: Membership
}

export interface Counts {
  readonly bases: number
  readonly releases: number
  readonly openTasks: number
  readonly reports: number
  /** Members whose announcements hold. */
  readonly announced: number
  /** Members of a private community. */
  readonly members: number
  readonly keyChanges: number
  readonly connections: number
}

export class Coordinator implements AsyncDisposable {
  /** Who may connect and by which invitation. */
  readonly membership: Membership
  readonly #listener: Listener
  readonly #parts: Parts
  readonly #resources: AsyncDisposableStack
  readonly #rates: RateLimit
  readonly #handlers: Handlers
  readonly #now: () => number
  readonly #onRequest: (event: RequestEvent) => void
  #turn: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  private constructor(
    parts: Parts,
    listener: Listener,
    options: CoordinatorOptions,
    resources: AsyncDisposableStack,
  ) {
    this.membership = parts.membership
    this.#parts = parts
    this.#listener = listener
    this.#now = options.now ?? Date.now
    this.#onRequest = options.onRequest ?? (() => {})
    this.#rates = new RateLimit(LIMITS.requestsPerMinute, this.#now)
    this.#handlers = {
      ...registryHandlers(parts.registry),
      ...releaseHandlers(parts.releases, parts.keys),
      ...taskHandlers(parts.tasks),
      ...memberHandlers(parts.membership, parts.keys),
    }
    this.#resources = resources
  }

  /** Opens the state in `home` and listens. @throws OppuError IN_USE, CONNECTION_FAILED, INVALID_ARGUMENT, INVALID_DATA. */
  static async open(options: CoordinatorOptions): Promise<Coordinator> {
    options.signal?.throwIfAborted()
    await using stack = new AsyncDisposableStack()
    const now = options.now ?? Date.now
    const state = stack.use(await State.open(options.home)) // locked: of two that start at once one makes the key
    const keys = await Keys.open(state, options.home, options.seed)
    const registry = await Registry.open(state, keys, now)
    const releases = await Releases.open(state, keys, now)
    const tasks = await Tasks.open(state, keys, now)
    const { seed, networkSeed } = keys
    const membership = await Membership.open({ state, seed, now })
    const listener = stack.use(
      await Listener.open({
        seed: networkSeed,
        listen: options.listen,
        admits: key => membership.admits(key),
        networkKey: membership.networkKey,
      }),
    )
    const parts = { state, keys, registry, releases, tasks, membership }
    const coordinator = new Coordinator(parts, listener, options, stack.move())
    try {
      await coordinator.#listen()
      options.signal?.throwIfAborted()
    } catch (error) {
      await coordinator.close()
      throw error
    }
    return coordinator
  }

  /** The key that signs, and that members trust. */
  get id(): UserId {
    return this.#parts.keys.id
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
  publishManifest(manifest: BaseManifest, options: { readonly licenceText?: string } = {}): Promise<BaseId> {
    return this.#inTurn(({ registry }) => registry.publish(manifest, options.licenceText))
  }

  /** Lets `name:tag` stand for a published base from now on. @throws OppuError NOT_FOUND, INVALID_ARGUMENT, TOO_LARGE. */
  setRelease(name: string, tag: string, base: BaseId): Promise<Release> {
    return this.#inTurn(({ registry, releases }) => {
      demandPublished(registry, base)
      return releases.set(name, tag, base)
    })
  }

  /** Signs and keeps a task for a published base. @throws OppuError NOT_FOUND, INVALID_DATA, TOO_LARGE, DISK_FULL. */
  publishTask(task: EvaluationTask): Promise<TaskId> {
    return this.#inTurn(({ registry, tasks }) => {
      demandPublished(registry, task.baseId)
      return tasks.publish(task)
    })
  }

  /**
   * Makes a new signing key and signs everything with it that is published. The network key, and with it every address,
   * stays. Returns the new key. @throws OppuError TOO_LARGE after too many changes, DISK_FULL.
   */
  changeKey(): Promise<UserId> {
    return this.#inTurn(async ({ keys, releases, tasks, membership }) => {
      const next = await keys.change(this.#now())
      await releases.reload()
      await tasks.reload()
      await membership.useKey(keys.seed)
      return next
    })
  }

  /** Ids of the published bases. */
  bases(): BaseId[] {
    this.#demandOpen()
    return this.#parts.registry.bases()
  }

  /** What is published, in short. @throws OppuError NOT_FOUND. */
  summary(id: BaseId): Summary {
    this.#demandOpen()
    return demandPublished(this.#parts.registry, id)
  }

  /** What names and tags stand for, sorted. */
  releases(): Release[] {
    this.#demandOpen()
    return this.#parts.releases.list()
  }

  /** Counts of what is kept and of who is there, for whoever watches over it. */
  counts(): Counts {
    this.#demandOpen()
    const { registry, releases, tasks, membership, keys } = this.#parts
    return {
      bases: registry.bases().length,
      releases: releases.list().length,
      openTasks: tasks.handOut().length,
      reports: tasks.received,
      announced: registry.announced(),
      members: membership.members().length,
      keyChanges: keys.changes.length,
      connections: this.#listener.connections,
    }
  }

  /** Reads something from disk. @throws what reading throws. */
  async check(): Promise<void> {
    this.#demandOpen()
    await this.#parts.state.keys('keys')
  }

  /** Reports received, for one task where given. */
  async reports(task?: TaskId): Promise<ReceivedReport[]> {
    this.#demandOpen()
    return this.#parts.tasks.reports(task)
  }

  /** Takes no more requests, answers those that have come, within a few seconds, and stops. */
  close(): Promise<void> {
    this.#closed ??= this.#resources.disposeAsync()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #listen(): Promise<void> {
    const reached = this.addresses()
    if (reached.length > 0) await this.membership.reachedAt(reached)
    this.membership.onExpelled(key => {
      const peer = peerIdOfKey(key)
      this.#parts.registry.forget(peer)
      void this.#listener.hangUp(peer)
    })
    await this.#listener.handle(
      PROTOCOLS.coordinator,
      LIMITS.streamsPerConnection,
      async (duplex, context) => {
        const { remote, key, signal } = context
        const started = performance.now()
        let kind: RequestEvent['kind'] = 'unknown'
        const tell = (outcome: RequestEvent['outcome']) =>
          this.#onRequest({ kind, outcome, seconds: (performance.now() - started) / 1000, peer: remote })
        const respond = async (bytes: Uint8Array): Promise<Answer> => {
          this.#rates.take(remote)
          const asked = readRequest(this.#handlers, bytes)
          kind = asked.kind
          if (kind !== 'join' && !this.membership.admits(key))
            throw new OppuError('NOT_A_MEMBER', 'strangers may only join')
          return { body: await answer(this.#handlers, asked, { remote, key }) }
        }
        try {
          await serve(duplex, respond, { maximumRequest: LIMITS.request, signal })
          tell('ok')
        } catch (error) {
          tell(isOppuError(error) ? error.code : 'UNAVAILABLE')
          throw error
        }
      },
    )
  }

  /** One change of what is published after the other. */
  #inTurn<T>(work: (parts: Parts) => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      this.#demandOpen()
      return work(this.#parts)
    })
    this.#turn = done.catch(() => {})
    return done
  }

  #demandOpen(): void {
    if (this.#closed !== undefined) throw new OppuError('CLOSED', 'the coordinator is closed')
  }
}

function demandPublished(registry: Registry, id: BaseId): Summary {
  const summary = registry.summary(id)
  if (summary === undefined) throw new OppuError('NOT_FOUND', `no base ${id} is published here`)
  return summary
}
