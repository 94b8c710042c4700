/**
 * Which ops there are, and what `ops.ts` makes them with. The union is what `vjpRules` must be total over.
 */
import { broadcastShapes, type Shape } from './dim.ts'
import type { Attributes, Value } from './graph.ts'
import { type DType, isFloat } from './tensor.ts'

/** `FusedMatMul` (alpha * op(A) op(B)), and those of composites after `QuickGelu` are com.microsoft's. */
export type OpType =
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Neg'
  | 'Abs'
  | 'Sqrt'
  | 'Exp'
  | 'Log'
  | 'Sigmoid'
  | 'Tanh'
  | 'Cos'
  | 'Sin'
  | 'Equal'
  | 'Less'
  | 'LessOrEqual'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'And'
  | 'Or'
  | 'Not'
  | 'Where'
  | 'Cast'
  | 'Identity'
  | 'FusedMatMul'
  | 'Softmax'
  | 'LogSoftmax'
  | 'SimplifiedLayerNormalization'
  | 'QuickGelu'
  | 'RotaryEmbedding'
  | 'QuantizeLinear'
  | 'MatMulIntegerToFloat'
  | 'DequantizeLinear'
  | 'BitwiseAnd'
  | 'BitShift'
  | 'ReduceSum'
  | 'ReduceMean'
  | 'ReduceMax'
  | 'Gather'
  | 'GatherElements'
  | 'ScatterElements'
  | 'Reshape'
  | 'Transpose'
  | 'Concat'
  | 'Split'
  | 'Slice'
  | 'Pad'
  | 'Expand'
  | 'Unsqueeze'
  | 'Squeeze'
  | 'Shape'
  | 'Range'
  | 'ConstantOfShape'

/** A node with one output, of that type and shape. The shape rule is the caller's. */
export function emit(
  op: OpType,
  inputs: readonly Value[],
  dtype: DType,
  shape: Shape,
  attributes: Attributes = {},
): Value {
  return first(inputs).graph.node(op, inputs, attributes, [{ dtype, shape }]).outputs[0]!
}

/** @throws TypeError when there is none. */
export function first(values: readonly Value[]): Value {
  const [value] = values
  if (value === undefined) throw new TypeError('an op needs at least one value')
  return value
}

/** @throws TypeError naming the op, unless the condition holds. */
export function check(condition: boolean, op: string, text: string): asserts condition {
  if (!condition) throw new TypeError(`${op}: ${text}`)
}

/** A value as messages name it. */
export function show(value: Value): string {
  return `${value.name} ${value.dtype} [${value.shape.join(', ')}]`
}

/** Two sides of one allowed type, broadcast. */
export function binary(
  op: OpType,
  a: Value,
  b: Value,
  allowed: (dtype: DType) => boolean,
  result?: DType,
): Value {
  check(a.dtype === b.dtype && allowed(a.dtype), op, `does not take ${show(a)} and ${show(b)}`)
  return emit(op, [a, b], result ?? a.dtype, broadcastShapes(a.shape, b.shape))
}

/** A float in, the same shape out. */
export function unary(op: OpType, x: Value): Value {
  check(isFloat(x.dtype), op, `does not take ${show(x)}`)
  return emit(op, [x], x.dtype, x.shape)
}
