/**
 * Training every weight, embeddings and norms included: how a base is made from scratch, or a whole copy tuned.
 *
 * All weights are graph inputs, so their values live in JavaScript; meant for small models (16 bytes a parameter).
 * The result is a base's `model.safetensors`, not an adapter to be swapped: import it as a base to use it.
 */

import { parseConfig } from '../../protocol/schema.ts'
import { writeSafetensors } from '../model/safetensors.ts'
import { readWeights, storedWeights, weightShapes } from '../model/weights.ts'
import { BASE_KEY } from './adapter.ts'
import { NO_FRONT } from './front.ts'
import { type Method, noNoise, parameterInputs } from './method.ts'

export const full: Method = {
  isAdapter: false,
  schema: {},
  learningRate: 3e-5,
  prepare(options, model) {
    parseConfig({}, options, 'full')
    const shapes = weightShapes(model)
    return {
      options: {},
      shapes,
      front: NO_FRONT,
      initial: (_seed, weights) => readWeights(weights, shapes.keys()),
      attach(graph) {
        const inputs = parameterInputs(graph, shapes)
        return { parameters: inputs, weights: inputs, hooks: {}, noise: noNoise }
      },
      files(tensors, baseId) {
        const named = storedWeights(model, tensors)
        return new Map([['model.safetensors', writeSafetensors(named, { format: 'pt', [BASE_KEY]: baseId })]])
      },
    }
  },
}
