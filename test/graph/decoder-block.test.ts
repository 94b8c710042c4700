/** A whole decoder block with grouped heads, two segments in one row, and symbolic batch and sequence. */
import { test } from 'node:test'
import { tensorOf } from '../../node/graph/tensor.ts'
import { checkGradients } from './central-differences.ts'
import { type BlockSize, blockShapes, causalMask, decoderBlock, rotations } from './decoder-block.ts'
import type { Input } from './gradient-case.ts'

test('gradients of a decoder block agree with central differences in float64', async () => {
  const size: BlockSize = { hidden: 6, heads: 4, kvHeads: 2, headDim: 4, ffn: 5 }
  const inputs: Record<string, Input> = { x: { dims: [2, 4, 6], shape: ['batch', 'seq', 6] } }
  for (const [name, dims] of Object.entries(blockShapes(size))) inputs[name] = { dims }
  await checkGradients({
    name: 'decoder block',
    inputs,
    indices: {
      positions: { shape: ['batch', 'seq'], tensor: tensorOf('int64', [2, 4], [0, 1, 2, 3, 0, 1, 0, 1]) },
      segments: { shape: ['batch', 'seq'], tensor: tensorOf('int64', [2, 4], [1, 1, 1, 1, 1, 1, 2, 2]) },
    },
    build: values => {
      const { x, positions, segments } = values
      const rotation = rotations(positions!, size.headDim, 'float64')
      return decoderBlock(x!, values, size, rotation, causalMask(x!.graph, segments!))
    },
  })
})
