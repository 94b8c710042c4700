/**
 * The reverse-mode rule of every op (vector-Jacobian products): given the gradient of a node's outputs, nodes
 * that compute the gradient of its inputs. The table is total, so an op without a rule does not compile; `null`
 * says that nothing flows back through the op (its result is an integer, a boolean or a shape).
 *
 * A rule may return a gradient in the broadcast shape of a two-sided op: `gradient.ts` sums it down, in one
 * place. `wants(i)` says whether input i lies on a path to a parameter; work for others is not emitted.
 * Above each rule stands the forward formula, with g the gradient of the result y.
 */
import { addDims, type Dim, type Shape, sizeOf, subtractDims } from './dim.ts'
import type { Node, Value } from './graph.ts'
import type { OpType } from './op.ts'
import * as op from './ops.ts'
import { isFloat } from './tensor.ts'

/** One entry per input; undefined where nothing flows or nothing was wanted. */
export type InputGradients = readonly (Value | undefined)[]

/**
 * @param gradients one per output; undefined for an output that the loss does not use (never all)
 * @param wants whether input i needs a gradient
 */
export type VjpRule = (
  node: Node,
  gradients: readonly (Value | undefined)[],
  wants: (input: number) => boolean,
) => InputGradients

/** A rule for ops with one output. */
function rule(
  compute: (at: {
    g: Value
    y: Value
    x: readonly Value[]
    node: Node
    wants: (input: number) => boolean
  }) => InputGradients,
): VjpRule {
  return (node, [g], wants) => compute({ g: g!, y: node.outputs[0]!, x: node.inputs, node, wants })
}

/** A rule for ops of one differentiable input, the first. */
function unary(compute: (g: Value, x: Value, y: Value, node: Node) => Value): VjpRule {
  return (node, [g]) => [compute(g!, node.inputs[0]!, node.outputs[0]!, node)]
}

const one = (like: Value): Value => op.scalarLike(like, 1)

export const vjpRules: Record<OpType, VjpRule | null> = {
  // y = a + b
  Add: rule(({ g }) => [g, g]),
  // y = a - b
  Sub: rule(({ g, wants }) => [g, wants(1) ? op.neg(g) : undefined]),
  // y = a * b
  Mul: rule(({ g, x: [a, b], wants }) => [
    wants(0) ? op.mul(g, b!) : undefined,
    wants(1) ? op.mul(g, a!) : undefined,
  ]),
  // y = a / b
  Div: rule(({ g, y, x: [, b], wants }) => {
    const overB = op.div(g, b!)
    return [overB, wants(1) ? op.neg(op.mul(overB, y)) : undefined]
  }),
  // y = -x
  Neg: unary(g => op.neg(g)),
  // y = |x|
  Abs: unary((g, x) => op.where(op.less(x, op.scalarLike(x, 0)), op.neg(g), g)),
  // y = x^(1/2)
  Sqrt: unary((g, _x, y) => op.div(op.mul(g, op.scalarLike(g, 0.5)), y)),
  // y = e^x
  Exp: unary((g, _x, y) => op.mul(g, y)),
  // y = ln x
  Log: unary((g, x) => op.div(g, x)),
  // y = 1 / (1 + e^-x)
  Sigmoid: unary((g, _x, y) => op.mul(op.mul(g, y), op.sub(one(g), y))),
  // y = tanh x
  Tanh: unary((g, _x, y) => op.mul(g, op.sub(one(g), op.mul(y, y)))),
  // y = cos x
  Cos: unary((g, x) => op.neg(op.mul(g, op.sin(x)))),
  // y = sin x
  Sin: unary((g, x) => op.mul(g, op.cos(x))),
  Equal: null,
  Less: null,
  LessOrEqual: null,
  Greater: null,
  GreaterOrEqual: null,
  And: null,
  Or: null,
  Not: null,
  // y = c ? a : b
  Where: rule(({ g, x: [c], wants }) => {
    const zero = op.scalarLike(g, 0)
    return [
      undefined,
      wants(1) ? op.where(c!, g, zero) : undefined,
      wants(2) ? op.where(c!, zero, g) : undefined,
    ]
  }),
  // y = x in another type; an integer on either side stops the gradient
  Cast: rule(({ g, x: [x], y }) => [
    isFloat(x!.dtype) && isFloat(y.dtype) ? op.cast(g, x!.dtype) : undefined,
  ]),
  // y = x
  Identity: unary(g => g),
  // y = alpha * op(a) op(b)
  FusedMatMul: rule(matMulRule),
  // y_i = e^x_i / sum_j e^x_j
  Softmax: unary((g, _x, y, node) => {
    const gy = op.mul(g, y)
    return op.sub(gy, op.mul(y, op.reduceSum(gy, [axisOf(node)], true)))
  }),
  // y_i = x_i - ln sum_j e^x_j
  LogSoftmax: unary((g, _x, y, node) => op.sub(g, op.mul(op.exp(y), op.reduceSum(g, [axisOf(node)], true)))),
  // Kernels of composites, which have the rule.
  SimplifiedLayerNormalization: null,
  QuickGelu: null,
  RotaryEmbedding: null,
  QuantizeLinear: null,
  MatMulIntegerToFloat: null,
  DequantizeLinear: null,
  BitwiseAnd: null,
  BitShift: null,
  // y = sum over axes
  ReduceSum: unary((g, x, y, node) => op.expand(keepAxes(g, x, y, node), x.shape)),
  // y = sum over axes / number of elements summed
  ReduceMean: unary((g, x, y, node) => {
    const kept = keepAxes(g, x, y, node)
    const count = op.dimensionOf(x.graph, sizeOf(reducedAxes(node).map(axis => x.shape[axis]!)))
    return op.expand(op.div(kept, op.cast(op.reshape(count, []), g.dtype)), x.shape)
  }),
  // y = max over axes; equal maxima share
  ReduceMax: unary((g, x, y, node) => {
    const isMax = op.cast(op.equal(x, keepAxes(y, x, y, node)), g.dtype)
    return op.mul(isMax, op.div(keepAxes(g, x, y, node), op.reduceSum(isMax, reducedAxes(node), true)))
  }),
  // y = x[..., at, ...]: rows of the gradient accumulate where an index repeats
  Gather: rule(({ g, x: [x, at], node }) => [gatherRule(g, x!, at!, axisOf(node)), undefined]),
  // y[i][j] = x[i][at[i][j]]
  GatherElements: rule(({ g, x: [x, at], node }) => [
    op.scatterElements(zerosOf(x!, x!.shape), at!, g, axisOf(node)),
    undefined,
  ]),
  // y = x with updates added at `at` along an axis
  ScatterElements: rule(({ g, x: [, at], node, wants }) => [
    g,
    undefined,
    wants(2) ? op.gatherElements(g, at!, axisOf(node)) : undefined,
  ]),
  // y = x, shaped anew
  Reshape: unary((g, x) => op.reshape(g, x.shape)),
  // y[i_perm] = x[i]
  Transpose: unary((g, _x, _y, node) => {
    const perm = intsOf(node, 'perm')
    return op.transpose(
      g,
      perm.map((_, axis) => perm.indexOf(axis)),
    )
  }),
  // y = x_1 after x_2 after …
  Concat: rule(({ g, x, node }) => {
    const axis = axisOf(node)
    return op.split(
      g,
      axis,
      x.map(part => part.shape[axis]!),
    )
  }),
  // y_1, y_2, … = x cut
  Split: (node, gradients) => {
    const parts = node.outputs.map((output, index) => gradients[index] ?? zerosOf(output, output.shape))
    return [op.concat(parts, axisOf(node))]
  },
  // y = x[from:to] along an axis
  Slice: unary((g, x, _y, node) => {
    const { axis, bounds } = boundsOf(node)
    return op.pad(g, axis, bounds[0], subtractDims(x.shape[axis]!, bounds[1]))
  }),
  // y = x between zeros
  Pad: unary((g, x, _y, node) => {
    const { axis, bounds } = boundsOf(node)
    return op.slice(g, axis, bounds[0], addDims(bounds[0], x.shape[axis]!))
  }),
  // y = x repeated: summed down by the walk
  Expand: unary(g => g),
  // y = x with axes of size 1
  Unsqueeze: unary((g, x) => op.reshape(g, x.shape)),
  // y = x without axes of size 1
  Squeeze: unary((g, x) => op.reshape(g, x.shape)),
  Shape: null,
  Range: null,
  ConstantOfShape: null,
}

function axisOf(node: Node): number {
  const axis = node.attributes.axis
  if (axis === undefined || !('int' in axis)) throw new TypeError(`${node.name} has no axis`)
  return axis.int
}

function intsOf(node: Node, name: string): readonly number[] {
  const attribute = node.attributes[name]
  if (attribute === undefined || !('ints' in attribute)) throw new TypeError(`${node.name} has no ${name}`)
  return attribute.ints
}

function flag(node: Node, name: string): boolean {
  const attribute = node.attributes[name]
  return attribute !== undefined && 'int' in attribute && attribute.int === 1
}

function reducedAxes(node: Node): readonly number[] {
  return op.constantInts(node.inputs[1]!)!
}

/** A reduction's result with its axes kept as 1, so that it broadcasts against `x`. */
function keepAxes(value: Value, x: Value, y: Value, node: Node): Value {
  return y.shape.length === x.shape.length ? value : op.unsqueeze(value, reducedAxes(node))
}

/**
 * With y = op(a) op(b): a's gradient is g op(b)ᵀ, b's is op(a)ᵀ g, each transposed where its operand was.
 * A matrix on the right of a batch is one product over all rows: the batch is folded first, so that no
 * gradient per batch entry is made only to be summed.
 */
function matMulRule({
  g,
  x,
  node,
  wants,
}: {
  g: Value
  x: readonly Value[]
  node: Node
  wants: (input: number) => boolean
}): InputGradients {
  const [a, b] = x as [Value, Value]
  const transA = flag(node, 'transA')
  const transB = flag(node, 'transB')
  const factor = node.attributes.alpha
  const alpha = factor !== undefined && 'float' in factor ? factor.float : 1
  const ofA = () =>
    transA
      ? op.matMul(b, g, { transA: transB, transB: true, alpha })
      : op.matMul(g, b, { transA: false, transB: !transB, alpha })
  const ofB = () => {
    const fold = b.shape.length === 2 && a.shape.length > 2 && !transA
    const [a2, g2] = fold ? [rows(a), rows(g)] : [a, g]
    return transB
      ? op.matMul(g2, a2, { transA: true, transB: transA, alpha })
      : op.matMul(a2, g2, { transA: !transA, transB: false, alpha })
  }
  return [wants(0) ? ofA() : undefined, wants(1) ? ofB() : undefined]
}

/** [..., n] as [rows, n]. */
function rows(x: Value): Value {
  return op.reshape(x, [-1, x.shape.at(-1)!])
}

/**
 * Rows that share an index add up. ScatterElements does it in order, on one thread; ScatterND is as fast, but on
 * several threads the CPU kernel adds in any order, and a product with a one-hot matrix is several times slower.
 */
function gatherRule(g: Value, x: Value, at: Value, axis: number): Value {
  const rest = x.shape.toSpliced(axis, 1)
  const indexAxes = at.shape.map((_, i) => axis + i)
  const others = [...g.shape.keys()].filter(i => !indexAxes.includes(i))
  const flat: Shape = [sizeOf(at.shape), sizeOf(rest)]
  const updates = op.reshape(op.transpose(g, [...indexAxes, ...others]), flat)
  const rows = op.expand(op.reshape(at, [flat[0]!, 1]), flat)
  const sums = op.scatterElements(zerosOf(x, [x.shape[axis]!, flat[1]!]), rows, updates, 0)
  const back = [...rest.keys()].map(i => i + 1).toSpliced(axis, 0, 0)
  return op.transpose(op.reshape(sums, [x.shape[axis]!, ...rest]), back)
}

function zerosOf(like: Value, shape: Shape): Value {
  if (like.dtype === 'float16') return op.cast(op.zeros(like.graph, 'float32', shape), 'float16')
  return op.zeros(like.graph, like.dtype, shape)
}

/** From and to of a slice, before and after of a pad, along `axis`. */
function boundsOf(node: Node): { axis: number; bounds: readonly [Dim, Dim] } {
  const [axis] = op.constantInts(node.inputs.at(-1)!) ?? []
  const bounds = node.attributes.bounds
  const [from, to] = bounds !== undefined && 'dims' in bounds ? bounds.dims : []
  if (axis === undefined || from === undefined || to === undefined)
    throw new TypeError(`${node.name} has no bounds`)
  return { axis, bounds: [from, to] }
}
