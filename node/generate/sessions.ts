/**
 * Sessions that serve any adapter: adapters are fed as inputs, so swapping one costs nothing.
 *
 * A session has inputs for adapters of one method, on certain places. When an adapter comes that no open session has
 * inputs for, one more is opened that does, and the others go on serving who uses them. Each serves the base alone too.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { DeviceChoice } from '../graph/device.ts'
import { Graph } from '../graph/graph.ts'
import { type DeviceAccount, GraphSession } from '../graph/session.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import { frozenWeight } from '../model/frozen.ts'
import type { ModelHooks } from '../model/hooks.ts'
import type { RunnableBase } from '../model/runnable.ts'
import { defaultTargets } from '../model/weights.ts'
import type { LoadedAdapter, Served } from '../peft/adapter.ts'
import { type AdapterMethodName, adapterMethods, placesOf } from '../peft/index.ts'
import { targetPlaces } from '../peft/targets.ts'

export interface SessionsOptions {
  readonly base: Pick<RunnableBase, 'config' | 'weights'>
  readonly device?: DeviceChoice
  readonly threads?: number
  /** An adapter that will be used: the session opened at first is one that it takes. Default: LoRA's, on its usual layers. */
  readonly first?: LoadedAdapter
  readonly signal?: AbortSignal
}

/** Adds to a graph what is to be computed, with the base's weights and an adapter's inputs behind the hooks. */
export type Build = (graph: Graph, hooks: ModelHooks) => void

/** Which adapters a session takes. */
interface Kind {
  readonly method: AdapterMethodName
  readonly places: readonly string[]
}

interface Opened extends Kind {
  readonly session: GraphSession
  readonly feeds: Served['feeds']
}

export class AdapterSessions {
  readonly #options: SessionsOptions
  readonly #build: Build
  readonly #opened: Promise<Opened>[]
  readonly device: DeviceAccount
  #closed = false

  private constructor(options: SessionsOptions, build: Build, first: Opened) {
    this.#options = options
    this.#build = build
    this.#opened = [Promise.resolve(first)]
    this.device = first.session.device
  }

  /** @throws those of `GraphSession.open` */
  static async open(options: SessionsOptions, build: Build): Promise<AdapterSessions> {
    const { base, first } = options
    const kind: Kind =
      first === undefined
        ? { method: 'lora', places: targetPlaces(base.config, defaultTargets(base.config)) }
        : kindOf(base.config, first)
    return new AdapterSessions(options, build, await openSession(options, build, kind))
  }

  /**
   * A session for this adapter (undefined: the base alone) and the feeds that make it so.
   * @throws OppuError CLOSED
   */
  async serve(
    adapter: LoadedAdapter | undefined,
  ): Promise<{ session: GraphSession; feeds: Record<string, Tensor> }> {
    if (this.#closed) throw new OppuError('CLOSED', 'the base was closed')
    const { session, feeds } =
      adapter === undefined
        ? await this.#opened[0]!
        : await this.#covering(kindOf(this.#options.base.config, adapter))
    return { session, feeds: await feeds(adapter) }
  }

  async #covering({ method, places }: Kind): Promise<Opened> {
    const known: string[] = []
    for (const opening of this.#opened) {
      const opened = await opening
      if (opened.method !== method) continue
      if (places.every(place => opened.places.includes(place))) return opened
      known.push(...opened.places)
    }
    const kind = { method, places: [...new Set([...known, ...places])] }
    const opening = openSession(this.#options, this.#build, kind)
    this.#opened.push(opening)
    opening.catch(() => this.#opened.splice(this.#opened.indexOf(opening), 1))
    return await opening
  }

  /** Waits for work in flight. Safe to call more than once. */
  async close(): Promise<void> {
    this.#closed = true
    const settled = await Promise.allSettled(this.#opened)
    await Promise.all(
      settled.map(result => (result.status === 'fulfilled' ? result.value.session.close() : undefined)),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function kindOf(model: ModelConfig, { config }: LoadedAdapter): Kind {
  return { method: config.method, places: placesOf(model, config) }
}

async function openSession(options: SessionsOptions, build: Build, kind: Kind): Promise<Opened> {
  const { base, device, threads, signal } = options
  const graph = new Graph()
  const { hooks, feeds } = adapterMethods[kind.method].serve(graph, base, kind.places)
  build(graph, { weight: frozenWeight(graph, base.weights), ...hooks })
  const session = await GraphSession.open(graph, {
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  })
  return { ...kind, session, feeds }
}
