/**
 * A graph as the bytes of an ONNX ModelProto (https://github.com/onnx/onnx/blob/main/docs/IR.md), by the
 * protobufjs module made from `onnx.proto`. Weights are external data: the model names a file and byte ranges,
 * so neither protobuf's 2 GB limit nor JavaScript's memory bounds a model.
 *
 * Every value's shape is written, symbols included, although the runtime could infer most: values of equal size then
 * share memory by plan, which takes a third off a training step's memory, and opening a session of thousands of
 * nodes goes from seconds to a fraction of one (the planner's search for memory to share stops early).
 *
 * Lowering for the device also lives here. `FusedMatMul` exists for float32 on the CPU only; elsewhere it becomes Gemm,
 * or Transpose, MatMul and Mul. Only what an output needs is written, so several graphs can share one building.
 *
 * Rejected: the `onnx-proto` package (all of ONNX, for a tenth of it), and hand-written varints.
 */

import { dirname, relative, resolve } from 'node:path'
import type { Device } from './device.ts'
import { sameShape } from './dim.ts'
import type { Attribute, Attributes, Graph, Node, Value } from './graph.ts'
import { onnx } from './onnx.pb.js'
import type { OpType } from './op.ts'
import { type DType, isFloat, type Tensor, tensorOf } from './tensor.ts'

/** IR version and operator sets written; ONNX Runtime 1.30 reads these and newer. */
const IR_VERSION = 9
const OPSET = 18

const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const satisfies Record<DType, number>

/** Ops that ONNX Runtime adds to the standard. */
const CONTRIBUTED: ReadonlySet<OpType> = new Set<OpType>([
  'QuickGelu',
  'RotaryEmbedding',
  'MatMulIntegerToFloat',
])

const { AttributeType } = onnx.AttributeProto

export interface EncodeOptions {
  /** The folder from which weight files are named; all lie in it or below. */
  readonly weightFolder?: string
  readonly device: Device
  /** Whether the runtime will repack weights; it then gets to repack those that gain by it. Default false. */
  readonly prepack?: boolean
  /** Names of the outputs that the model has; all of the graph's where absent. */
  readonly outputs?: readonly string[]
}

/** Model bytes. @throws TypeError when the graph has no output, or not one that is named. */
export function encodeModel(graph: Graph, options: EncodeOptions): Uint8Array {
  const wanted = outputsOf(graph, options.outputs)
  if (wanted.size === 0) throw new TypeError('the graph has no output')
  const { nodes, used } = neededFor([...wanted.values()], graph)
  const lowering = new Lowering(options.device === 'cpu', accumulations(nodes, new Set(wanted.values())))
  for (const node of nodes) lowering.add(node)
  const outputs = [...wanted].map(([name, value]) => {
    lowering.emit('Identity', [value.name], [name])
    return { name, type: typeOf({ ...value, shape: undefined }) }
  })
  const initializer = [
    ...graph.constants
      .filter(({ value }) => used.has(value))
      .map(({ value, tensor }) => tensorProto(tensor, value.name)),
    ...lowering.initializers,
    ...graph.weights
      .filter(({ value }) => used.has(value))
      .map(({ value, location }) => {
        const { path, offset, length } = location
        const file = relative(options.weightFolder ?? dirname(resolve(path)), resolve(path))
        return {
          name: value.name,
          dims: value.shape.map(Number),
          dataType: ELEMENT_TYPES[value.dtype],
          dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
          externalData: Object.entries({ location: file, offset, length }).map(([key, v]) => ({
            key,
            value: String(v),
          })),
        }
      }),
  ]
  return onnx.ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'oppu',
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'oppu',
      node: lowering.nodes,
      initializer,
      input: [...graph.inputs, ...(options.prepack ? keptAsTheyAre(graph, used) : [])].map(value => ({
        name: value.name,
        type: typeOf(value),
      })),
      output: outputs,
      valueInfo: nodes.flatMap(node =>
        node.outputs.map(value => ({ name: value.name, type: typeOf(value) })),
      ),
    },
  }).finish()
}

/**
 * Weights in floats: repacked, they are a second copy and no faster, a third where a product is also taken the other way
 * round. The runtime leaves as it is what a run could replace, and that is a weight which is listed among the inputs.
 */
function keptAsTheyAre(graph: Graph, used: ReadonlySet<Value>): Value[] {
  return graph.weights.map(({ value }) => value).filter(value => isFloat(value.dtype) && used.has(value))
}

/**
 * Names of the model's nodes that WebGPU must leave to the CPU: its sine and cosine may be off by 2^-11, and by anything
 * beyond half a turn (WGSL, section 15.7.4.1). They turn a few angles a token, once for all layers.
 */
export function nodesForCpu(graph: Graph): string[] {
  return graph.nodes
    .filter(({ op }) => op === 'Sin' || op === 'Cos')
    .map(({ op, outputs }) => nodeName(op, outputs[0]!.name))
}

function nodeName(opType: string, output: string): string {
  return `${opType} ${output}`
}

/** The graph's outputs of these names; all of them where no names are given. @throws TypeError for a name it lacks */
export function outputsOf(graph: Graph, names?: readonly string[]): ReadonlyMap<string, Value> {
  if (names === undefined) return graph.outputs
  return new Map(
    names.map(name => {
      const value = graph.outputs.get(name)
      if (value === undefined) throw new TypeError(`the graph has no output ${name}`)
      return [name, value]
    }),
  )
}

/** Nodes that the outputs need, in order, and the values those read. */
function neededFor(
  outputs: readonly Value[],
  graph: Graph,
): { nodes: readonly Node[]; used: ReadonlySet<Value> } {
  const used = new Set(outputs)
  const nodes = graph.nodes.toReversed().filter(node => {
    if (!node.outputs.some(output => used.has(output))) return false
    for (const input of node.inputs) used.add(input)
    return true
  })
  return { nodes: nodes.reverse(), used }
}

/** An `Add` that becomes the third operand of a product. */
interface Accumulation {
  readonly product: Node
  readonly added: Value
}

/**
 * Sums of a product of two matrices, used nowhere else, and something that broadcasts to it: one kernel (Gemm) writes
 * the product onto the other term, where two would go over memory once more. By the `Add` node.
 */
function accumulations(nodes: readonly Node[], outputs: ReadonlySet<Value>): ReadonlyMap<Node, Accumulation> {
  const makers = new Map(nodes.map(node => [node.outputs[0]!, node]))
  const uses = new Map<Value, number>()
  for (const { inputs } of nodes) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1)
  const found = new Map<Node, Accumulation>()
  for (const node of nodes) {
    if (node.op !== 'Add') continue
    for (const side of [1, 0]) {
      const [term, added] = [node.inputs[side]!, node.inputs[1 - side]!]
      const product = makers.get(term)
      const fits =
        product?.op === 'FusedMatMul' &&
        term.shape.length === 2 &&
        term.dtype !== 'float16' &&
        uses.get(term) === 1 &&
        !outputs.has(term) &&
        sameShape(term.shape, node.outputs[0]!.shape)
      if (!fits) continue
      found.set(node, { product, added })
      break
    }
  }
  return found
}

/** Collects the nodes of the model, replacing ops that the device has no kernel for. */
class Lowering {
  readonly nodes: onnx.NodeProto.$Properties[] = []
  readonly initializers: onnx.TensorProto.$Properties[] = []
  readonly #fusedMatMul: boolean
  readonly #accumulations: ReadonlyMap<Node, Accumulation>
  readonly #products: ReadonlySet<Node>

  constructor(fusedMatMul: boolean, accumulations: ReadonlyMap<Node, Accumulation>) {
    this.#fusedMatMul = fusedMatMul
    this.#accumulations = accumulations
    this.#products = new Set([...accumulations.values()].map(({ product }) => product))
  }

  add(node: Node): void {
    const { op, inputs, outputs, attributes } = node
    if (this.#products.has(node)) return
    const names = inputs.map(value => value.name)
    const accumulation = this.#accumulations.get(node)
    if (accumulation !== undefined) {
      const { product, added } = accumulation
      const operands = [...product.inputs, added].map(({ name }) => name)
      this.emit('Gemm', operands, [outputs[0]!.name], product.attributes)
    } else if (op === 'FusedMatMul') this.#matMul(names, inputs, outputs[0]!, attributes)
    else
      this.emit(
        op,
        names,
        outputs.map(value => value.name),
        attributes,
        CONTRIBUTED.has(op) ? 'com.microsoft' : '',
      )
  }

  emit(
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attributes: Attributes = {},
    domain = '',
  ): void {
    const attribute = Object.entries(attributes).flatMap(([name, value]) => attributeProto(name, value))
    this.nodes.push({
      name: nodeName(opType, output[0]!),
      opType,
      input: [...input],
      output: [...output],
      domain,
      attribute,
    })
  }

  #matMul(names: readonly string[], operands: readonly Value[], y: Value, attributes: Attributes): void {
    const { transA, transB, alpha } = attributes as {
      transA: { int: number }
      transB: { int: number }
      alpha: { float: number }
    }
    if (transA.int === 0 && transB.int === 0 && alpha.float === 1) {
      this.emit('MatMul', names, [y.name])
    } else if (this.#fusedMatMul && y.dtype === 'float32') {
      this.emit('FusedMatMul', names, [y.name], attributes, 'com.microsoft')
    } else if (y.shape.length === 2) {
      this.emit('Gemm', names, [y.name], attributes)
    } else {
      const turned = [transA, transB].map(({ int }, side) =>
        int === 0 ? names[side]! : this.#turn(operands[side]!, `${y.name}/${side}`),
      )
      this.#scaled(turned, y, alpha.float)
    }
  }

  /** The last two axes exchanged. */
  #turn({ name, shape }: Value, as: string): string {
    const last = shape.length - 1
    const perm = [...shape.keys()].with(last, last - 1).with(last - 1, last)
    this.emit('Transpose', [name], [as], { perm: { ints: perm } })
    return as
  }

  #scaled(operands: readonly string[], y: Value, alpha: number): void {
    const product = alpha === 1 ? y.name : `${y.name}/product`
    this.emit('MatMul', operands, [product])
    if (alpha === 1) return
    if (y.dtype === 'float16') throw new TypeError(`${y.name}: scale a float16 product by hand`)
    this.initializers.push(tensorProto(tensorOf(y.dtype, [], [alpha]), `${y.name}/alpha`))
    this.emit('Mul', [product, `${y.name}/alpha`], [y.name])
  }
}

function tensorProto({ dtype, dims, data }: Tensor, name?: string): onnx.TensorProto.$Properties {
  return {
    ...(name === undefined ? {} : { name }),
    dims: [...dims],
    dataType: ELEMENT_TYPES[dtype],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }
}

function typeOf(value: { dtype: DType; shape: Value['shape'] | undefined }): onnx.TypeProto.$Properties {
  const dim = value.shape?.map(dim => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim }))
  return {
    tensorType: { elemType: ELEMENT_TYPES[value.dtype], ...(dim === undefined ? {} : { shape: { dim } }) },
  }
}

function attributeProto(name: string, attribute: Attribute): onnx.AttributeProto.$Properties[] {
  if ('dims' in attribute) return []
  if ('int' in attribute) return [{ name, type: AttributeType.INT, i: attribute.int }]
  if ('ints' in attribute) return [{ name, type: AttributeType.INTS, ints: [...attribute.ints] }]
  if ('float' in attribute) return [{ name, type: AttributeType.FLOAT, f: attribute.float }]
  if ('tensor' in attribute) return [{ name, type: AttributeType.TENSOR, t: tensorProto(attribute.tensor) }]
  return name === 'to' && Object.hasOwn(ELEMENT_TYPES, attribute.text)
    ? [{ name, type: AttributeType.INT, i: ELEMENT_TYPES[attribute.text as DType] }]
    : [{ name, type: AttributeType.STRING, s: Buffer.from(attribute.text) }]
}
