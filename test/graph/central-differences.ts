/** Compares the gradients that the engine builds with central differences of the same graph, in float64. */
import assert from 'node:assert/strict'
import type { OpType } from '../../node/graph/op.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { toNumbers } from '../../node/graph/tensor.ts'
import { buildCase, type GradientCase, outputGradients } from './gradient-case.ts'

/** Checks every element of every input's gradient. @returns the ops that the forward pass was made of */
export async function checkGradients(spec: GradientCase): Promise<ReadonlySet<OpType>> {
  const { step = 1e-5, tolerance = 1e-6 } = spec
  const built = buildCase(spec, 'float64')
  const { graph, feeds, parameters, ops, loss } = built
  graph.output('loss', loss)
  await using forward = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
  outputGradients(built)
  await using both = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
  const exact = await both.run(feeds)

  const lossAt = async (name: string, element: number, delta: number): Promise<number> => {
    const data = Float64Array.from(toNumbers(feeds[name]!))
    data[element]! += delta
    const { loss: y } = await forward.run({ ...feeds, [name]: { ...feeds[name]!, data } })
    return toNumbers(y!)[0]!
  }
  for (const name of Object.keys(parameters)) {
    const gradient = exact[`d ${name}`]!
    assert.deepEqual(
      [gradient.dtype, ...gradient.dims],
      ['float64', ...feeds[name]!.dims],
      `${spec.name}: shape of d ${name}`,
    )
    const values = toNumbers(gradient)
    assert.ok(
      values.some(value => value !== 0),
      `${spec.name}: d ${name} is zero everywhere`,
    )
    for (const [element, value] of values.entries()) {
      const slope = ((await lossAt(name, element, step)) - (await lossAt(name, element, -step))) / (2 * step)
      const error = Math.abs(value - slope) / Math.max(1, Math.abs(slope))
      assert.ok(error < tolerance, `${spec.name}: d ${name}[${element}] is ${value}, by differences ${slope}`)
    }
  }
  return ops
}
