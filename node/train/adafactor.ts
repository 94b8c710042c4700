/**
 * Adafactor: Shazeer and Stern, arXiv 1804.04235, algorithms 4 and 5. The second moment of a matrix is kept as its rows'
 * and columns' means, so a matrix of n by m costs n + m numbers of state, where AdamW takes two for each element.
 *
 * As transformers' trainer sets it for PEFT: no momentum, the learning rate as it is given (neither relative to the step
 * nor to the parameter's own size, which for LoRA's B, zero at first, would hardly move), updates clipped at a root mean
 * square of 1. `beta1`, `beta2` and `epsilon` are not used: the second moment's decay is 1 - step^-0.8.
 */
import { elements } from '../model/weights.ts'
import { isDecayed, type Optimizer, tensorOf } from './optimizer.ts'

const DECAY_EXPONENT = 0.8
/** Added to every squared gradient (the paper's first epsilon). */
const REGULARIZER = 1e-30
/** Root mean square of an update at most (the paper's d). */
const CLIP = 1

export const adafactor: Optimizer = {
  init(shapes) {
    const tensors = new Map<string, Float32Array>()
    for (const [name, shape] of shapes) {
      if (shape.length < 2) tensors.set(`second/${name}`, new Float32Array(elements(shape)))
      else {
        const { rows, columns } = matrix(shape)
        tensors.set(`rows/${name}`, new Float32Array(rows))
        tensors.set(`columns/${name}`, new Float32Array(columns))
      }
    }
    return { step: 0, tensors }
  },
  update({ weightDecay }, state, parameters, shapes, gradients, { learningRate, scale = 1 }) {
    state.step++
    const fresh = state.step ** -DECAY_EXPONENT
    for (const [name, values] of parameters) {
      const shape = shapes.get(name)!
      const gradient = tensorOf(gradients, name, values.length)
      const kept = isDecayed(shape) ? 1 - learningRate * weightDecay : 1
      const how = { fresh, scale, learningRate, kept }
      if (shape.length < 2) {
        updateVector(values, gradient, tensorOf(state.tensors, `second/${name}`, values.length), how)
      } else {
        const { rows, columns } = matrix(shape)
        const rowMeans = tensorOf(state.tensors, `rows/${name}`, rows)
        updateMatrix(values, gradient, rowMeans, tensorOf(state.tensors, `columns/${name}`, columns), how)
      }
    }
  },
}

interface How {
  /** Weight of this step's squares in the second moment. */
  readonly fresh: number
  readonly scale: number
  readonly learningRate: number
  /** What weight decay leaves of a value. */
  readonly kept: number
}

function updateVector(values: Float32Array, gradient: Float32Array, second: Float32Array, how: How): void {
  const { fresh, scale, kept } = how
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]! * scale
    const v = (1 - fresh) * second[i]! + fresh * (g * g + REGULARIZER)
    second[i] = v
    squares += (g * g) / v
  }
  const rate = clippedRate(how, squares / values.length)
  for (let i = 0; i < values.length; i++)
    values[i] = values[i]! * kept - (rate * gradient[i]!) / Math.sqrt(second[i]!)
}

/** The second moment of element (i, j) is rows[i] * columns[j] / mean(rows). */
function updateMatrix(
  values: Float32Array, // [rows, columns]
  gradient: Float32Array,
  rowMeans: Float32Array,
  columnMeans: Float32Array,
  how: How,
): void {
  const { fresh, scale, kept } = how
  const [rows, columns] = [rowMeans.length, columnMeans.length]
  for (let column = 0; column < columns; column++) columnMeans[column]! *= 1 - fresh
  let mean = 0
  for (let row = 0, i = 0; row < rows; row++) {
    let sum = 0
    for (let column = 0; column < columns; column++, i++) {
      const square = (gradient[i]! * scale) ** 2 + REGULARIZER
      sum += square
      columnMeans[column]! += (fresh * square) / rows
    }
    rowMeans[row] = (1 - fresh) * rowMeans[row]! + (fresh * sum) / columns
    mean += rowMeans[row]! / rows
  }
  let squares = 0
  for (let row = 0, i = 0; row < rows; row++) {
    const share = rowMeans[row]! / mean
    for (let column = 0; column < columns; column++, i++)
      squares += (gradient[i]! * scale) ** 2 / (share * columnMeans[column]!)
  }
  const rate = clippedRate(how, squares / values.length)
  for (let row = 0, i = 0; row < rows; row++) {
    const share = rowMeans[row]! / mean
    for (let column = 0; column < columns; column++, i++)
      values[i] = values[i]! * kept - (rate * gradient[i]!) / Math.sqrt(share * columnMeans[column]!)
  }
}

/** The factor of gradient over root of second moment, for updates of this mean square before clipping. */
function clippedRate({ learningRate, scale }: How, meanSquare: number): number {
  return (learningRate * scale) / Math.max(1, Math.sqrt(meanSquare) / CLIP)
}

function matrix(shape: readonly number[]): { readonly rows: number; readonly columns: number } {
  const columns = shape.at(-1)!
  return { rows: elements(shape) / columns, columns }
}
