/** Every composite on small inputs, in any float type: what each device is held to. */
import { logSumExp, rmsNorm, rotateHalves, swiGlu } from '../../node/graph/composite.ts'
import { cos, sin } from '../../node/graph/ops.ts'
import { tensorOf } from '../../node/graph/tensor.ts'
import { attendSequences, BLOCKS, type Sequences } from '../../node/model/attention.ts'
import { geGlu, gelu, layerNorm } from '../../node/model/blocks.ts'
import type { GradientCase } from './gradient-case.ts'

export const rows = { dims: [3, 4], shape: ['rows', 4] } as const

const int = (shape: readonly (number | string)[], dims: readonly number[], values: readonly number[]) => ({
  shape,
  tensor: tensorOf('int64', dims, values),
})

/** Two sequences of 5 and 3 tokens that share their first two: seven places in all, rows padded to 4. */
const SHARED = {
  prefix: int(['prefix'], [2], [0, 1]),
  grid: int(['rows', BLOCKS, 'block'], [2, BLOCKS, 1], [2, 3, 4, -1, 5, -1, -1, -1]),
  flat: int(['tokens'], [6], [0, 1, 2, 3, 4, 6]),
}
/** The same without a shared prefix: six tokens of two sequences, one place of padding in front. */
const APART = {
  prefix: int(['prefix'], [1], [-1]),
  grid: int(['rows', BLOCKS, 'block'], [2, BLOCKS, 1], [0, 1, 2, 3, 4, 5, -1, -1]),
  flat: int(['tokens'], [6], [1, 2, 3, 4, 5, 6]),
}
const heads = (count: number) => ({ dims: [6, count, 2], shape: ['tokens', count, 2] }) as const

function attention(
  name: string,
  indices: GradientCase['indices'] & object,
  window: number | undefined,
  learned: boolean,
): GradientCase {
  return {
    name,
    inputs: {
      q: heads(4),
      k: heads(2),
      v: heads(2),
      ...(learned ? { keys: { dims: [3, 2, 2] }, values: { dims: [3, 2, 2] } } : {}),
    },
    indices,
    build: ({ q, k, v, keys, values, ...at }) =>
      attendSequences(
        at as unknown as Sequences,
        q!,
        k!,
        v!,
        { scale: 0.7, ...(window === undefined ? {} : { window }) },
        keys && values && { keys, values },
      ),
  }
}

export const COMPOSITE_CASES: readonly GradientCase[] = [
  {
    name: 'rms norm',
    inputs: { x: rows, weight: { dims: [4] } },
    build: ({ x, weight }) => rmsNorm(x!, weight!, 1e-3),
  },
  { name: 'SwiGLU', inputs: { gate: rows, up: rows }, build: ({ gate, up }) => swiGlu(gate!, up!) },
  {
    name: 'rotation',
    inputs: { x: { dims: [3, 2, 4], shape: ['tokens', 2, 4] } },
    indices: {
      angles: { shape: ['tokens', 2], tensor: tensorOf('float64', [3, 2], [0.1, 0.7, -2, 3, 1, 0]) },
    },
    build: ({ x, angles }) => rotateHalves(x!, cos(angles!), sin(angles!)),
  },
  { name: 'log-sum-exp', inputs: { x: { ...rows, from: [-3, 3] } }, build: ({ x }) => logSumExp(x!) },
  attention('attention over sequences that share a prefix', SHARED, undefined, false),
  attention('attention with a window', SHARED, 2, false),
  attention('attention with learned keys in front', SHARED, undefined, true),
  attention('attention with a window and learned keys', SHARED, 4, true),
  attention('attention over sequences that share nothing', APART, undefined, false),
  attention('attention with learned keys, a window and nothing shared', APART, 3, true),
]

const wide = { ...rows, from: [-3, 3] } as const

/** Those of single architectures. */
export const BLOCK_CASES: readonly GradientCase[] = [
  { name: 'GELU', inputs: { x: wide }, build: ({ x }) => gelu(x!) },
  { name: 'gated GELU', inputs: { gate: wide, up: wide }, build: ({ gate, up }) => geGlu(gate!, up!) },
  {
    name: 'LayerNorm',
    inputs: { x: wide, weight: { dims: [4] }, bias: { dims: [4] } },
    build: ({ x, weight, bias }) => layerNorm(x!, weight!, bias!, 1e-3),
  },
]
