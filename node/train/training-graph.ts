/**
 * The graph of one training pass: forward, loss and the gradient of every parameter, for any batch.
 *
 * Base weights that the method leaves alone come from the weight file; its own parameters are inputs, so the
 * optimizer's state never enters the runtime.
 */
import { gradients } from '../graph/gradient.ts'
import { Graph } from '../graph/graph.ts'
import { mul, sumAll } from '../graph/ops.ts'
import { type Recomputed, recompute } from '../graph/recompute.ts'
import { headWeight, hiddenStates } from '../model/architectures.ts'
import type { ModelConfig } from '../model/config.ts'
import { frozenWeight } from '../model/frozen.ts'
import type { ModelHooks } from '../model/hooks.ts'
import { type Int8Weights, int8Products } from '../model/int8.ts'
import { packedLayout } from '../model/layout.ts'
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
  int8?: Int8Weights,
  recomputed: Recomputed = 'cheap',
): TrainingGraph {
  const graph = new Graph()
  const layout = packedLayout(graph)
  const scale = graph.input('scale', 'float32', [])
  const attached = method.attach(graph)
  const frozen = frozenWeight(graph, weights)
  const hooks: ModelHooks = {
    weight: name => attached.weights.get(name) ?? frozen(name),
    ...(int8 === undefined ? {} : { product: int8Products(graph, int8) }),
    ...attached.hooks,
  }
  const hidden = hiddenStates(model, layout, hooks)
  const losses = labelLosses(hidden, headWeight(model, hooks), layout.inputs.targets, model.logitSoftcap)
  const names = [...attached.parameters.keys()]
  graph.output('losses', losses)
  for (const [index, gradient] of gradients(mul(sumAll(losses), scale), [
    ...attached.parameters.values(),
  ]).entries()) {
    graph.output(gradientName(names[index]!), gradient)
  }
  return { graph: recompute(graph, losses, scale, recomputed), attached }
}

export function gradientName(parameter: string): string {
  return `gradient:${parameter}`
}
