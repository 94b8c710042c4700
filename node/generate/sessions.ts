/**
 * Sessions that serve any adapter: adapters are fed as inputs, so swapping one costs nothing.
 *
 * A session has inputs for certain target layers. It starts with PEFT's usual two; when an adapter comes that has
 * others, one more session is opened that has those too, and the first goes on serving who uses it.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { DeviceChoice } from '../graph/device.ts'
import { Graph } from '../graph/graph.ts'
import { type DeviceAccount, GraphSession } from '../graph/session.ts'
import type { Tensor } from '../graph/tensor.ts'
import { frozenWeight } from '../model/frozen.ts'
import type { ModelHooks } from '../model/hooks.ts'
import type { RunnableBase } from '../model/runnable.ts'
import type { LinearModule } from '../model/weights.ts'
import { attachAnyLora, type LoadedAdapter, loraFeeds } from '../peft/lora.ts'

export interface SessionsOptions {
  readonly base: Pick<RunnableBase, 'config' | 'weights'>
  readonly device?: DeviceChoice
  readonly threads?: number
  /** See `GraphSession`: worth it for passes of many rows. */
  readonly prepack?: boolean
  readonly signal?: AbortSignal
}

/** Adds to a graph what is to be computed, with the base's weights and an adapter's inputs behind the hooks. */
export type Build = (graph: Graph, hooks: ModelHooks) => void

interface Opened {
  readonly session: GraphSession
  readonly targets: readonly LinearModule[]
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
    return new AdapterSessions(options, build, await openSession(options, build, ['q_proj', 'v_proj']))
  }

  /**
   * A session for this adapter (undefined: the base alone) and the feeds that make it so.
   * @throws OppuError CLOSED
   */
  async serve(
    adapter: LoadedAdapter | undefined,
  ): Promise<{ session: GraphSession; feeds: Record<string, Tensor> }> {
    if (this.#closed) throw new OppuError('CLOSED', 'the base was closed')
    const wanted = adapter?.config.targets ?? []
    const { session, targets } = await this.#covering(wanted)
    return { session, feeds: loraFeeds(this.#options.base.config, targets, adapter) }
  }

  async #covering(wanted: readonly LinearModule[]): Promise<Opened> {
    const known: LinearModule[] = []
    for (const opening of this.#opened) {
      const opened = await opening
      if (wanted.every(target => opened.targets.includes(target))) return opened
      known.push(...opened.targets)
    }
    const opening = openSession(this.#options, this.#build, [...new Set([...known, ...wanted])])
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

async function openSession(
  options: SessionsOptions,
  build: Build,
  targets: readonly LinearModule[],
): Promise<Opened> {
  const { base, device, threads, prepack, signal } = options
  const graph = new Graph()
  build(graph, {
    weight: frozenWeight(graph, base.weights),
    linear: attachAnyLora(graph, base.config, targets),
  })
  const session = await GraphSession.open(graph, {
    weightFile: base.weights.path,
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
    ...(prepack === undefined ? {} : { prepack }),
    ...(signal === undefined ? {} : { signal }),
  })
  return { session, targets }
}
