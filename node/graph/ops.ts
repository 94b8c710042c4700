/**
 * The ops a graph is made of: one typed function each, holding its shape and dtype rule. An op is an ONNX op
 * (https://onnx.ai/onnx/operators/, operator set 18) under its own name; what is not in `OpType` is composed of these.
 *
 * Every function throws a TypeError for shapes or types that do not fit, while the graph is built; the runtime is
 * never the first to notice. Functions that take a shape accept symbolic dimensions and emit whatever shape
 * arithmetic the runtime then needs. Gradients are in `vjp.ts`; lowering for kernels that a device lacks is in
 * `onnx.ts`.
 */
import {
  addDims,
  broadcastShapes,
  canonicalDim,
  canonicalShape,
  type Dim,
  missingDim,
  normalAxis,
  type Shape,
  sameShape,
  sameSize,
  subtractDims,
  termsOf,
} from './dim.ts'
import type { Graph, Value } from './graph.ts'
import { binary, check, emit, first, type OpType, show, unary } from './op.ts'
import { type DType, isFloat, tensor, tensorOf, toNumbers } from './tensor.ts'

// ---- element by element ----

const isNumber = (dtype: DType): boolean => isFloat(dtype) || dtype === 'int64' || dtype === 'int32'
const isBool = (dtype: DType): boolean => dtype === 'bool'
const isAny = (): boolean => true

/** Broadcast, as all two-sided ops here; both sides of one type. */
export const add = (a: Value, b: Value): Value => binary('Add', a, b, isNumber)
export const sub = (a: Value, b: Value): Value => binary('Sub', a, b, isNumber)
export const mul = (a: Value, b: Value): Value => binary('Mul', a, b, isNumber)
/** Integers truncate towards zero. */
export const div = (a: Value, b: Value): Value => binary('Div', a, b, isNumber)
export const equal = (a: Value, b: Value): Value => binary('Equal', a, b, isAny, 'bool')
export const less = (a: Value, b: Value): Value => binary('Less', a, b, isNumber, 'bool')
export const lessOrEqual = (a: Value, b: Value): Value => binary('LessOrEqual', a, b, isNumber, 'bool')
export const greater = (a: Value, b: Value): Value => binary('Greater', a, b, isNumber, 'bool')
export const greaterOrEqual = (a: Value, b: Value): Value => binary('GreaterOrEqual', a, b, isNumber, 'bool')
export const and = (a: Value, b: Value): Value => binary('And', a, b, isBool, 'bool')
export const or = (a: Value, b: Value): Value => binary('Or', a, b, isBool, 'bool')

export const neg = (x: Value): Value => unary('Neg', x)
export const abs = (x: Value): Value => unary('Abs', x)
export const sqrt = (x: Value): Value => unary('Sqrt', x)
export const exp = (x: Value): Value => unary('Exp', x)
export const log = (x: Value): Value => unary('Log', x)
export const sigmoid = (x: Value): Value => unary('Sigmoid', x)
export const tanh = (x: Value): Value => unary('Tanh', x)
export const cos = (x: Value): Value => unary('Cos', x)
export const sin = (x: Value): Value => unary('Sin', x)
/** x * sigmoid(x), also called swish. */
export const silu = (x: Value): Value => mul(x, sigmoid(x))

export function not(x: Value): Value {
  check(x.dtype === 'bool', 'Not', `does not take ${show(x)}`)
  return emit('Not', [x], 'bool', x.shape)
}

/** `a` where the condition holds, else `b`; all three broadcast. */
export function where(condition: Value, a: Value, b: Value): Value {
  check(
    condition.dtype === 'bool' && a.dtype === b.dtype,
    'Where',
    `does not take ${show(condition)}, ${show(a)} and ${show(b)}`,
  )
  return emit(
    'Where',
    [condition, a, b],
    a.dtype,
    broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)),
  )
}

export function cast(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : emit('Cast', [x], dtype, x.shape, { to: { text: dtype } })
}

/** The same value under a node of its own: a point where a gradient can be asked for. */
export const identity = (x: Value): Value => emit('Identity', [x], x.dtype, x.shape)

/** A constant scalar of that type, for arithmetic with a number. */
export function scalar(graph: Graph, dtype: Exclude<DType, 'float16'>, value: number): Value {
  return graph.constant(tensorOf(dtype, [], [value]))
}

/** A scalar of the type of `x`; float16 by a cast, as constants have no float16 yet. */
export function scalarLike(x: Value, value: number): Value {
  return x.dtype === 'float16'
    ? cast(scalar(x.graph, 'float32', value), 'float16')
    : scalar(x.graph, x.dtype, value)
}

// ---- products ----

export interface MatMulOptions {
  /** The last two axes of `a` are [k, m]. */
  readonly transA?: boolean
  /** The last two axes of `b` are [n, k], as Hugging Face stores weights. */
  readonly transB?: boolean
  /** Factor on the product, at no cost. */
  readonly alpha?: number
}

/** alpha * op(a) op(b) over the last two axes; [..., m, k] by [..., k, n]; leading axes broadcast. */
export function matMul(a: Value, b: Value, options: MatMulOptions = {}): Value {
  const { transA = false, transB = false, alpha = 1 } = options
  const fit = a.dtype === b.dtype && isFloat(a.dtype) && a.shape.length >= 2 && b.shape.length >= 2
  check(fit, 'MatMul', `does not take ${show(a)} and ${show(b)}`)
  const [rowsA, columnsA] = a.shape.slice(-2) as [Dim, Dim]
  const [rowsB, columnsB] = b.shape.slice(-2) as [Dim, Dim]
  const [m, k] = transA ? [columnsA, rowsA] : [rowsA, columnsA]
  const [inner, n] = transB ? [columnsB, rowsB] : [rowsB, columnsB]
  check(
    k === inner,
    'MatMul',
    `${show(a)}${transA ? 'ᵀ' : ''} and ${show(b)}${transB ? 'ᵀ' : ''} differ in the summed axis`,
  )
  const leading = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return emit('FusedMatMul', [a, b], a.dtype, [...leading, m, n], {
    transA: { int: Number(transA) },
    transB: { int: Number(transB) },
    alpha: { float: alpha },
  })
}

/** exp(x) / sum(exp(x)) along an axis. */
export function softmax(x: Value, axis: number): Value {
  check(isFloat(x.dtype), 'Softmax', `does not take ${show(x)}`)
  return emit('Softmax', [x], x.dtype, x.shape, { axis: { int: normalAxis(axis, x.shape.length) } })
}

/** log(softmax(x)), safe for large values. */
export function logSoftmax(x: Value, axis: number): Value {
  check(isFloat(x.dtype), 'LogSoftmax', `does not take ${show(x)}`)
  return emit('LogSoftmax', [x], x.dtype, x.shape, { axis: { int: normalAxis(axis, x.shape.length) } })
}

// ---- kernels that do several steps in one pass; for float32, and behind `composite.ts`, which has their gradients ----

/** x / sqrt(mean(x²) + eps) * weight over the last axis. */
export function simplifiedLayerNorm(x: Value, weight: Value, eps: number): Value {
  return emit('SimplifiedLayerNormalization', [x, weight], x.dtype, x.shape, {
    axis: { int: -1 },
    epsilon: { float: eps },
  })
}

/** x * sigmoid(x). */
export function quickGelu(x: Value): Value {
  return emit('QuickGelu', [x], x.dtype, x.shape, { alpha: { float: 1 } })
}

/** Each head's halves (a, b) turned: (a cos - b sin, b cos + a sin). `x` [1, tokens, heads*2*half], angles [tokens, half]. */
export function rotaryEmbedding(x: Value, cos: Value, sin: Value): Value {
  const first = indices(x.graph, [0])
  return emit('RotaryEmbedding', [x, first, cos, sin], x.dtype, x.shape)
}

/** What stands for 0 in the bytes that `quantizeRows` gives. */
const ZERO_POINT = 128

/** A matrix in bytes: row i is (bytes - 128) * scale[i]. */
export interface QuantizedRows {
  readonly bytes: Value // uint8 [rows, k]
  readonly scale: Value // float32 [rows, 1]
}

/** Each row by its own scale, its largest size at 127. `x` float32 [rows, k]. */
export function quantizeRows(x: Value): QuantizedRows {
  check(x.dtype === 'float32' && x.shape.length === 2, 'QuantizeLinear', `does not take ${show(x)}`)
  const largest = reduceMax(abs(x), [1], true) // [rows, 1]
  const scale = mul(add(largest, scalarLike(x, 1e-30)), scalarLike(x, 1 / 127))
  const value = { tensor: tensor('uint8', [1], Uint8Array.of(ZERO_POINT)) }
  const zeros = emit('ConstantOfShape', [shapeVector(x.graph, [x.shape[0]!])], 'uint8', [x.shape[0]!], {
    value,
  })
  const bytes = emit('QuantizeLinear', [x, squeeze(scale, [1]), zeros], 'uint8', x.shape, {
    axis: { int: 0 },
  })
  return { bytes, scale }
}

/** x w, for w int8 [k, n] with a scale for each column, [n]. @returns float32 [rows, n] */
export function quantizedMatMul({ bytes, scale }: QuantizedRows, w: Value, columnScale: Value): Value {
  const { graph } = bytes
  check(
    w.dtype === 'int8' && w.shape.length === 2 && w.shape[0] === bytes.shape[1],
    'MatMulIntegerToFloat',
    `does not take ${show(bytes)} and ${show(w)}`,
  )
  const zero = graph.constant(tensor('uint8', [], Uint8Array.of(ZERO_POINT)))
  const product = emit(
    'MatMulIntegerToFloat',
    [bytes, w, scalar(graph, 'float32', 1), columnScale, zero],
    'float32',
    [bytes.shape[0]!, w.shape[1]!],
  )
  return mul(product, scale)
}

/** (x - zero) * scale, each row by its own. `x` int8 or uint8 [rows, k]; zero of its type, 0 where absent. @returns float32 */
export function dequantizeRows(x: Value, scale: Value, zero?: Value): Value {
  const fits = (side: Value, dtype: DType): boolean =>
    side.dtype === dtype && side.shape.length === 1 && side.shape[0] === x.shape[0]
  check(
    (x.dtype === 'int8' || x.dtype === 'uint8') &&
      x.shape.length === 2 &&
      fits(scale, 'float32') &&
      (zero === undefined || fits(zero, x.dtype)),
    'DequantizeLinear',
    `does not take ${show(x)} with ${show(scale)}`,
  )
  const inputs = zero === undefined ? [x, scale] : [x, scale, zero]
  return emit('DequantizeLinear', inputs, 'float32', x.shape, { axis: { int: 0 } })
}

/** Sixteen times the number in the lower four bits of each byte, uint8. */
export function lowNibbles(x: Value): Value {
  check(x.dtype === 'uint8', 'BitShift', `does not take ${show(x)}`)
  const four = x.graph.constant(tensor('uint8', [1], Uint8Array.of(4)))
  return emit('BitShift', [x, four], 'uint8', x.shape, { direction: { text: 'LEFT' } })
}

/** Sixteen times the number in the upper four bits of each byte, uint8. */
export function highNibbles(x: Value): Value {
  check(x.dtype === 'uint8', 'BitwiseAnd', `does not take ${show(x)}`)
  return emit(
    'BitwiseAnd',
    [x, x.graph.constant(tensor('uint8', [1], Uint8Array.of(0xf0)))],
    'uint8',
    x.shape,
  )
}

/**
 * `x`, but not before `other` is there: what is then made of a weight is made when it is needed, and not all at once
 * when a run begins. `x` of fixed shape; `other` of one dimension or more.
 */
export function after(x: Value, other: Value): Value {
  const size = emit('Shape', [other], 'int64', [1], { start: { int: 0 }, end: { int: 1 } })
  const shape = add(shapeVector(x.graph, x.shape), mul(size, scalar(x.graph, 'int64', 0)))
  return emit('Reshape', [x, shape], x.dtype, x.shape)
}

// ---- reductions ----

function reduce(op: OpType, x: Value, axes: readonly number[], keepDims: boolean): Value {
  check(isNumber(x.dtype), op, `does not take ${show(x)}`)
  const normal = [...new Set(axes.map(axis => normalAxis(axis, x.shape.length)))].sort((a, b) => a - b)
  check(normal.length === axes.length && axes.length > 0, op, `axes [${axes.join(', ')}] are empty or repeat`)
  const shape = keepDims
    ? x.shape.map((dim, axis) => (normal.includes(axis) ? 1 : dim))
    : x.shape.filter((_, axis) => !normal.includes(axis))
  return emit(op, [x, indices(x.graph, normal)], x.dtype, shape, { keepdims: { int: Number(keepDims) } })
}

export const reduceSum = (x: Value, axes: readonly number[], keepDims = false): Value =>
  reduce('ReduceSum', x, axes, keepDims)
export const reduceMean = (x: Value, axes: readonly number[], keepDims = false): Value =>
  reduce('ReduceMean', x, axes, keepDims)
/** Equal maxima share the gradient. */
export const reduceMax = (x: Value, axes: readonly number[], keepDims = false): Value =>
  reduce('ReduceMax', x, axes, keepDims)

/** The sum over all axes: a scalar. */
export function sumAll(x: Value): Value {
  return x.shape.length === 0 ? x : reduceSum(x, [...x.shape.keys()])
}

// ---- shapes at run time ----

function indices(graph: Graph, values: readonly number[]): Value {
  return graph.constant(tensorOf('int64', [values.length], values))
}

/** The constant integers behind a value that one of these functions made (axes, sizes); undefined otherwise. */
export function constantInts(value: Value): readonly number[] | undefined {
  const tensor = value.graph.tensorOf(value)
  return tensor === undefined ? undefined : toNumbers(tensor)
}

/** A dimension as int64 [1], computed from the shapes of the inputs that define its symbols. */
export function dimensionOf(graph: Graph, dim: Dim): Value {
  if (typeof dim === 'number') return indices(graph, [dim])
  const sums = [...termsOf(dim)].map(([monomial, coefficient]) => {
    const factors = monomial === '' ? [] : monomial.split('*').map(name => symbolValue(graph, name))
    if (coefficient !== 1 || factors.length === 0) factors.push(indices(graph, [coefficient]))
    return factors.reduce(mul)
  })
  return sums.reduce(add)
}

function symbolValue(graph: Graph, name: string): Value {
  const { value, axis } = graph.symbol(name)
  return emit('Shape', [value], 'int64', [1], { start: { int: axis }, end: { int: axis + 1 } })
}

/** A whole shape as int64 [rank]; a constant where nothing is symbolic. */
export function shapeVector(graph: Graph, shape: Shape): Value {
  if (shape.every(dim => typeof dim === 'number')) return indices(graph, shape)
  return concat(
    shape.map(dim => dimensionOf(graph, dim)),
    0,
  )
}

/** start, start+1, … below `start + count`, int64 [count]. */
export function range(graph: Graph, start: Dim, count: Dim): Value {
  const at = (dim: Dim): Value => squeeze(dimensionOf(graph, dim), [0])
  return emit('Range', [at(start), at(addDims(start, count)), scalar(graph, 'int64', 1)], 'int64', [count])
}

/** Zeros of a possibly symbolic shape, never stored in the model. */
export function zeros(graph: Graph, dtype: Exclude<DType, 'float16'>, shape: Shape): Value {
  const value = { tensor: tensorOf(dtype, [1], [0]) }
  return emit('ConstantOfShape', [shapeVector(graph, shape)], dtype, shape, { value })
}

// ---- moving data ----

/**
 * The same elements in another shape. One entry may be -1: what remains. For example
 * `reshape(x, ['batch*seq', 64])` or `reshape(x, ['batch', 'seq', 4, -1])`.
 */
export function reshape(x: Value, dims: Shape): Value {
  const holes = dims.filter(dim => dim === -1).length
  check(holes <= 1, 'Reshape', 'at most one dimension may be -1')
  const known = canonicalShape(dims.filter(dim => dim !== -1))
  const hole = holes === 0 ? undefined : missingDim(x.shape, known)
  check(holes === 0 || hole !== undefined, 'Reshape', `[${dims.join(', ')}] does not divide ${show(x)}`)
  const shape = canonicalShape(dims.map(dim => (dim === -1 ? hole! : dim)))
  check(
    sameSize(x.shape, shape),
    'Reshape',
    `[${dims.join(', ')}] does not hold as many elements as ${show(x)}`,
  )
  if (sameShape(x.shape, shape)) return x
  const short = shortTarget(x, shape)
  if (short !== undefined) return emit('Reshape', [x, indices(x.graph, short)], x.dtype, shape)
  return emit('Reshape', [x, shapeVector(x.graph, shape)], x.dtype, shape, { allowzero: { int: 1 } })
}

/** ONNX's 0 (the source's axis) and one -1, where they suffice; a computed shape is needed where not. */
function shortTarget(x: Value, shape: Shape): readonly number[] | undefined {
  const target = shape.map((dim, axis) => (typeof dim === 'string' && dim === x.shape[axis] ? 0 : dim))
  const unknown = target.filter(dim => typeof dim === 'string').length
  if (unknown > 1 || shape.includes(0)) return undefined
  return target.map(dim => (typeof dim === 'string' ? -1 : dim))
}

/** Axes reordered: axis i of the result is axis perm[i] of `x`. */
export function transpose(x: Value, perm: readonly number[]): Value {
  const normal = perm.map(axis => normalAxis(axis, x.shape.length))
  check(
    new Set(normal).size === x.shape.length && perm.length === x.shape.length,
    'Transpose',
    `[${perm.join(', ')}] does not permute ${show(x)}`,
  )
  if (normal.every((axis, index) => axis === index)) return x
  return emit(
    'Transpose',
    [x],
    x.dtype,
    normal.map(axis => x.shape[axis]!),
    { perm: { ints: normal } },
  )
}

/** Joined along an axis; all other dimensions equal. */
export function concat(values: readonly Value[], axis: number): Value {
  const head = first(values)
  if (values.length === 1) return head
  const at = normalAxis(axis, head.shape.length)
  for (const value of values) {
    const fit =
      value.dtype === head.dtype &&
      sameShape(without(value.shape, at), without(head.shape, at)) &&
      value.shape.length === head.shape.length
    check(fit, 'Concat', `does not join ${show(head)} and ${show(value)} along axis ${axis}`)
  }
  const length = values.map(value => value.shape[at]!).reduce(addDims)
  return emit('Concat', values, head.dtype, head.shape.with(at, length), { axis: { int: at } })
}

function without(shape: Shape, axis: number): Shape {
  return shape.toSpliced(axis, 1)
}

/** Cut along an axis into pieces of the given sizes, which must add up. */
export function split(x: Value, axis: number, sizes: readonly Dim[]): Value[] {
  const at = normalAxis(axis, x.shape.length)
  check(
    sizes.length > 0 && sizes.reduce(addDims, 0) === x.shape[at],
    'Split',
    `[${sizes.join(', ')}] does not add up to axis ${axis} of ${show(x)}`,
  )
  if (sizes.length === 1) return [x]
  const outputs = sizes.map(size => ({ dtype: x.dtype, shape: x.shape.with(at, size) }))
  return [...x.graph.node('Split', [x, shapeVector(x.graph, sizes)], { axis: { int: at } }, outputs).outputs]
}

/** From `start` up to `end` along one axis. Negative numbers count from the end; no `end` means all the rest. */
export function slice(x: Value, axis: number, start: Dim, end?: Dim): Value {
  const at = normalAxis(axis, x.shape.length)
  const length = x.shape[at]!
  const from = typeof start === 'number' && start < 0 ? addDims(length, start) : canonicalDim(start)
  const to =
    end === undefined ? length : typeof end === 'number' && end < 0 ? addDims(length, end) : canonicalDim(end)
  const size = subtractDims(to, from)
  const outside = [from, size, subtractDims(length, to)].some(dim => typeof dim === 'number' && dim < 0)
  check(!outside, 'Slice', `${from} to ${to} is outside axis ${axis} of ${show(x)}`)
  if (from === 0 && to === length) return x
  const bounds = [dimensionOf(x.graph, from), dimensionOf(x.graph, to), indices(x.graph, [at])]
  return emit('Slice', [x, ...bounds], x.dtype, x.shape.with(at, size), { bounds: { dims: [from, to] } })
}

/** Zeros before and after along one axis. */
export function pad(x: Value, axis: number, before: Dim, after: Dim): Value {
  check(isFloat(x.dtype), 'Pad', `does not take ${show(x)}`)
  const at = normalAxis(axis, x.shape.length)
  const amounts = concat([dimensionOf(x.graph, before), dimensionOf(x.graph, after)], 0)
  const shape = x.shape.with(at, addDims(addDims(x.shape[at]!, before), after))
  const inputs = [x, amounts, scalarLike(x, 0), indices(x.graph, [at])]
  return emit('Pad', inputs, x.dtype, shape, { bounds: { dims: [before, after] } })
}

/** Repeated to a larger shape by the rules of broadcasting. */
export function expand(x: Value, dims: Shape): Value {
  const shape = canonicalShape(dims)
  check(
    sameShape(broadcastShapes(x.shape, shape), shape),
    'Expand',
    `${show(x)} does not broadcast to [${shape.join(', ')}]`,
  )
  return sameShape(x.shape, shape) ? x : emit('Expand', [x, shapeVector(x.graph, shape)], x.dtype, shape)
}

/** Axes of size 1 put in; positions are those in the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.shape.length + axes.length
  const normal = axes.map(axis => normalAxis(axis, rank)).sort((a, b) => a - b)
  check(new Set(normal).size === axes.length, 'Unsqueeze', `axes [${axes.join(', ')}] repeat`)
  const rest = [...x.shape]
  const shape = Array.from({ length: rank }, (_, axis) => (normal.includes(axis) ? 1 : rest.shift()!))
  return emit('Unsqueeze', [x, indices(x.graph, normal)], x.dtype, shape)
}

/** Axes of size 1 taken out. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const normal = axes.map(axis => normalAxis(axis, x.shape.length)).sort((a, b) => a - b)
  check(
    normal.every(axis => x.shape[axis] === 1),
    'Squeeze',
    `axes [${axes.join(', ')}] of ${show(x)} are not all 1`,
  )
  const shape = x.shape.filter((_, axis) => !normal.includes(axis))
  return emit('Squeeze', [x, indices(x.graph, normal)], x.dtype, shape)
}

// ---- indexing ----

/** Slices of `x` along an axis, one for each index: the axis is replaced by the shape of `at` (int64). */
export function gather(x: Value, at: Value, axis = 0): Value {
  const normal = normalAxis(axis, x.shape.length)
  check(at.dtype === 'int64', 'Gather', `indices are int64, not ${show(at)}`)
  return emit('Gather', [x, at], x.dtype, x.shape.toSpliced(normal, 1, ...at.shape), {
    axis: { int: normal },
  })
}

/** One element for each index: result[i][j] = x[i][at[i][j]] for axis 1. Same rank; other axes equal. */
export function gatherElements(x: Value, at: Value, axis: number): Value {
  const normal = normalAxis(axis, x.shape.length)
  const fit =
    at.dtype === 'int64' &&
    at.shape.length === x.shape.length &&
    sameShape(without(at.shape, normal), without(x.shape, normal))
  check(fit, 'GatherElements', `does not take ${show(x)} with ${show(at)}`)
  return emit('GatherElements', [x, at], x.dtype, at.shape, { axis: { int: normal } })
}

/** `x` with updates added at those places: the counterpart of `gatherElements`; repeats accumulate in order. */
export function scatterElements(x: Value, at: Value, updates: Value, axis: number): Value {
  const normal = normalAxis(axis, x.shape.length)
  const fit =
    at.dtype === 'int64' &&
    x.dtype === updates.dtype &&
    sameShape(at.shape, updates.shape) &&
    at.shape.length === x.shape.length
  check(fit, 'ScatterElements', `does not take ${show(x)}, ${show(at)} and ${show(updates)}`)
  return emit('ScatterElements', [x, at, updates], x.dtype, x.shape, {
    axis: { int: normal },
    reduction: { text: 'add' },
  })
}
