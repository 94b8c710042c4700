/**
 * Reverse-mode differentiation: walks the graph backwards from a loss and adds nodes that compute the gradient
 * of every parameter asked for. The rules are in `vjp.ts`; this file prunes the walk to paths that reach a
 * parameter, adds up where a value is used more than once, and sums broadcast axes down, here and nowhere else. A
 * composite (`composite.ts`) is walked as one step, by its own rule.
 */
import { type Shape, sameShape } from './dim.ts'
import type { Graph, Node, Value } from './graph.ts'
import * as op from './ops.ts'
import { isFloat } from './tensor.ts'
import { vjpRules } from './vjp.ts'

/**
 * d loss / d parameter for each parameter, in order, each of the parameter's own type and shape.
 *
 * @param loss one element (`[]` or all axes 1); take `sumAll` or a mean first
 * @param parameters inputs, weights, or values computed on the way to the loss
 * @throws TypeError when the loss has more than one element, or does not depend on a parameter
 */
export function gradients(loss: Value, parameters: readonly Value[]): Value[] {
  if (!isFloat(loss.dtype) || loss.shape.some(dim => dim !== 1)) {
    throw new TypeError(`a loss is one number, not ${loss.dtype} [${loss.shape.join(', ')}]`)
  }
  const { graph } = loss
  const reaching = pathsFrom(graph, parameters)
  const sums = new Map<Value, Value>()
  if (reaching.has(loss)) sums.set(loss, op.expand(op.scalarLike(loss, 1), loss.shape))
  for (const node of graph.nodes.toReversed()) {
    const outputs = node.outputs.map(output => sums.get(output))
    if (outputs.some(output => output !== undefined)) backward(node, outputs, reaching, sums)
  }
  return parameters.map(parameter => {
    const sum = sums.get(parameter)
    if (sum === undefined) throw new TypeError(`the loss does not depend on ${parameter.name}`)
    return sum
  })
}

/** Every value that a parameter flows into, the parameters included. */
function pathsFrom(graph: Graph, parameters: readonly Value[]): ReadonlySet<Value> {
  const reaching = new Set<Value>()
  for (const parameter of parameters) {
    graph.own(parameter)
    if (!isFloat(parameter.dtype))
      throw new TypeError(`${parameter.name} is ${parameter.dtype}: it has no gradient`)
    reaching.add(parameter)
  }
  for (const node of graph.nodes) {
    const composite = graph.compositeOf(node.outputs[0]!)
    if (composite === undefined && vjpRules[node.op] === null) continue
    if (!(composite?.inputs ?? node.inputs).some(input => reaching.has(input))) continue
    for (const output of node.outputs) if (isFloat(output.dtype)) reaching.add(output)
  }
  return reaching
}

function backward(
  node: Node,
  outputs: readonly (Value | undefined)[],
  reaching: ReadonlySet<Value>,
  sums: Map<Value, Value>,
): void {
  const { graph } = node.outputs[0]!
  const composite = graph.compositeOf(node.outputs[0]!)
  const inputs = composite?.inputs ?? node.inputs
  const wants = (index: number): boolean => reaching.has(inputs[index]!)
  if (!inputs.some((_, index) => wants(index))) return
  const found =
    composite === undefined
      ? vjpRules[node.op]!(node, outputs, wants)
      : graph.apart(() => composite.backward(outputs[0]!, wants))
  for (const [index, gradient] of found.entries()) {
    if (gradient === undefined || !wants(index)) continue
    const input = inputs[index]!
    const own = unbroadcast(gradient, input.shape)
    const known = sums.get(input)
    sums.set(input, known === undefined ? own : op.add(known, own))
  }
}

/** Sums over the axes along which a value of that shape was repeated. */
function unbroadcast(gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient
  const extra = gradient.shape.length - shape.length
  const axes = [...gradient.shape.keys()].filter(
    axis => axis < extra || (shape[axis - extra] === 1 && gradient.shape[axis] !== 1),
  )
  return op.reshape(op.reduceSum(gradient, axes, true), shape)
}
