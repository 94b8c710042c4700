/**
 * Lion: Chen et al., arXiv 2302.06675, program 1. One number a parameter, half of AdamW's state; every element moves by
 * the learning rate, so that wants to be three to ten times smaller than AdamW's, and the decay as much larger.
 */
import { isDecayed, type Optimizer, tensorOf, zeroState } from './optimizer.ts'

export const lion: Optimizer = {
  init: shapes => zeroState(shapes, ['first']),
  update({ beta1, beta2, weightDecay }, state, parameters, shapes, gradients, options) {
    const { learningRate, scale = 1 } = options
    state.step++
    for (const [name, values] of parameters) {
      const gradient = tensorOf(gradients, name, values.length)
      const first = tensorOf(state.tensors, `first/${name}`, values.length)
      const kept = isDecayed(shapes.get(name)!) ? 1 - learningRate * weightDecay : 1
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! * scale
        const direction = Math.sign(beta1 * first[i]! + (1 - beta1) * g)
        first[i] = beta2 * first[i]! + (1 - beta2) * g
        values[i] = values[i]! * kept - learningRate * direction
      }
    }
  },
}
