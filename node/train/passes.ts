/**
 * The runtime's part of an update: packs the items of one update into passes, runs them, and sums losses and gradients.
 *
 * Each gradient is of the mean loss over all labels of the update, so neither accumulation nor packing changes what is
 * learned. What an update then does with the gradients is the optimizer's business.
 */
import type { GraphSession } from '../graph/session.ts'
import type { Tensor } from '../graph/tensor.ts'
import { type Batch, batchFeeds, type Example, packExamples } from '../model/batch.ts'
import type { Random } from '../model/random.ts'
import type { Attached } from '../peft/method.ts'
import type { TrainConfig } from './config.ts'
import type { Tensors } from './optimizer.ts'
import { gradientName } from './training-graph.ts'

export interface Gradients {
  /** Mean negative log-likelihood per label. */
  readonly loss: number
  readonly gradients: Tensors
  /** Tokens that went through the model. */
  readonly tokens: number
}

/** The passes of one update: each batch of `batchSize` items by itself. Positions begin at `firstPosition`. */
export function stepPasses(
  examples: readonly Example[],
  { batchSize, batchTokens }: TrainConfig,
  firstPosition: number,
): Batch[] {
  const batches: Batch[] = []
  for (let from = 0; from < examples.length; from += batchSize)
    batches.push(...packExamples(examples.slice(from, from + batchSize), batchTokens, firstPosition))
  return batches
}

export class Passes {
  readonly #session: GraphSession
  readonly #attached: Attached
  readonly #tensors: Tensors
  readonly #parameters: Readonly<Record<string, Tensor>>
  readonly #options: { readonly signal?: AbortSignal }

  /** `parameters` are read anew in every pass. */
  constructor(
    session: GraphSession,
    attached: Attached,
    parameters: Tensors,
    options: { readonly signal?: AbortSignal },
  ) {
    this.#session = session
    this.#attached = attached
    this.#options = options
    this.#tensors = parameters
    this.#parameters = Object.fromEntries(
      [...attached.parameters].map(([name, { shape }]) => [
        name,
        { dtype: 'float32' as const, dims: shape as number[], data: parameters.get(name)! },
      ]),
    )
  }

  /** The same parameters on a session of the same graph, of fewer outputs. */
  on(session: GraphSession): Passes {
    return new Passes(session, this.#attached, this.#tensors, this.#options)
  }

  /** Loss and gradients of the mean over all labels of these batches; dropout is drawn from `random`. */
  async gradients(batches: readonly Batch[], random: Random): Promise<Gradients> {
    const labels = labelsOf(batches)
    const gradients = new Map<string, Float32Array>()
    let [total, tokens] = [0, 0]
    for (const batch of batches) {
      const outputs = await this.#run(batch, 1 / labels, random)
      total += sum(outputs.losses!)
      tokens += batch.realTokens
      for (const name of this.#attached.parameters.keys())
        addGradient(gradients, name, outputs[gradientName(name)]!.data as Float32Array)
    }
    return { loss: total / labels, gradients, tokens }
  }

  /** The loss alone, nothing dropped; cheap only on a session that has no other output. */
  async loss(batches: readonly Batch[]): Promise<number> {
    let total = 0
    for (const batch of batches) {
      const { losses } = await this.#run(batch, 1, undefined, ['losses'])
      total += sum(losses!)
    }
    return total / labelsOf(batches)
  }

  async #run(
    batch: Batch,
    scale: number,
    random: Random | undefined,
    outputs?: readonly string[],
  ): Promise<Record<string, Tensor>> {
    const feeds = {
      ...batchFeeds(batch),
      ...this.#parameters,
      scale: { dtype: 'float32' as const, dims: [], data: Float32Array.of(scale) },
      ...this.#attached.noise({ tokens: batch.tokens.length, labels: batch.targets.length }, random),
    }
    return await this.#session.run(feeds, { ...this.#options, ...(outputs === undefined ? {} : { outputs }) })
  }
}

function labelsOf(batches: readonly Batch[]): number {
  return batches.reduce((labels, batch) => labels + batch.targets.length, 0)
}

function sum({ data }: Tensor): number {
  let total = 0
  for (const value of data as Float32Array) total += value
  return total
}

function addGradient(sums: Map<string, Float32Array>, name: string, gradient: Float32Array): void {
  const known = sums.get(name)
  if (known === undefined) sums.set(name, gradient)
  else for (let i = 0; i < known.length; i++) known[i] = known[i]! + gradient[i]!
}
