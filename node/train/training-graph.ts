/**
 * The graph of one training pass: forward, loss and the gradient of every parameter, for any batch.
 *
 * Base weights that the method leaves alone come from the weight file; its own parameters are inputs, so the
 * optimizer's state never enters the runtime.
 */
import { gradients } from '../graph/gradient.ts'
import { Graph } from '../graph/graph.ts'
import { mul, sumAll } from '../graph/ops.ts'
import { batchInputs } from '../model/batch.ts'
import type { ModelConfig } from '../model/config.ts'
import { frozenWeight } from '../model/frozen.ts'
import { headWeight, llama, type ModelHooks } from '../model/llama.ts'
import { labelLosses } from '../model/loss.ts'
import type { WeightFile } from '../model/weights.ts'
import type { Attached, PreparedMethod } from '../peft/method.ts'

export interface TrainingGraph {
  readonly graph: Graph
  readonly attached: Attached
}

/** Outputs: `losses` [labels]; `gradient:NAME` for each parameter, of sum(losses) * scale. */
export function trainingGraph(
  model: ModelConfig,
  weights: WeightFile,
  method: PreparedMethod,
): TrainingGraph {
  const graph = new Graph()
  const inputs = batchInputs(graph)
  const scale = graph.input('scale', 'float32', [])
  const attached = method.attach(graph)
  const frozen = frozenWeight(graph, weights)
  const hooks: ModelHooks = {
    weight: name => attached.weights.get(name) ?? frozen(name),
    ...(attached.linear === undefined ? {} : { linear: attached.linear }),
  }
  const losses = labelLosses(llama(graph, model, inputs, hooks), headWeight(model, hooks), inputs)
  const names = [...attached.parameters.keys()]
  graph.output('losses', losses)
  for (const [index, gradient] of gradients(mul(sumAll(losses), scale), [
    ...attached.parameters.values(),
  ]).entries()) {
    graph.output(gradientName(names[index]!), gradient)
  }
  return { graph, attached }
}

export function gradientName(parameter: string): string {
  return `gradient:${parameter}`
}
