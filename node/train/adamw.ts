/** AdamW: Loshchilov and Hutter, arXiv 1711.05101, as torch.optim.AdamW orders it. Two numbers a parameter. */
import { isDecayed, type Optimizer, tensorOf, zeroState } from './optimizer.ts'

export const adamw: Optimizer = {
  init: shapes => zeroState(shapes, ['first', 'second']),
  update({ beta1, beta2, epsilon, weightDecay }, state, parameters, shapes, gradients, options) {
    const { learningRate, scale = 1 } = options
    state.step++
    const stepSize = learningRate / (1 - beta1 ** state.step)
    const rootCorrection = 1 / Math.sqrt(1 - beta2 ** state.step)
    for (const [name, values] of parameters) {
      const gradient = tensorOf(gradients, name, values.length)
      const first = tensorOf(state.tensors, `first/${name}`, values.length)
      const second = tensorOf(state.tensors, `second/${name}`, values.length)
      const kept = isDecayed(shapes.get(name)!) ? 1 - learningRate * weightDecay : 1
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! * scale
        const m = beta1 * first[i]! + (1 - beta1) * g
        const v = beta2 * second[i]! + (1 - beta2) * g * g
        first[i] = m
        second[i] = v
        values[i] = values[i]! * kept - (stepSize * m) / (Math.sqrt(v) * rootCorrection + epsilon)
      }
    }
  },
}
