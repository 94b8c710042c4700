/**
 * A model as the runtime will carry it out: which nodes, in which order, and what they read and make.
 *
 * Read from the model's bytes, so that whatever lowering did is seen. With its own rewriting off, ONNX Runtime 1.30 goes
 * backwards from the model's outputs, the last one first, and at each node computes the input that was made last first;
 * checked against the runtime's own profile.
 */
import { type Dim, termsOf } from './dim.ts'
import { onnx } from './onnx.pb.js'

/** A tensor of the model; `size` of its dimensions is known once symbols are. */
export interface Slot {
  readonly name: string
  /** Bytes of an element. */
  readonly width: number
  readonly shape: readonly Dim[]
}

export interface Step {
  readonly op: string
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  /** Integer attributes. */
  readonly settings: ReadonlyMap<string, number>
}

export interface Execution {
  readonly steps: readonly Step[]
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  /** Bytes that the model's weights take in their files. */
  readonly weightBytes: number
}

/** What the symbols of a model's shapes stand for in one run. */
export type Sizes = Readonly<Record<string, number>>

/** Bytes of an element by ONNX's number of its type. */
const WIDTHS: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8 }

/** The execution of a model that `encodeModel` made. */
export function executionOf(model: Uint8Array): Execution {
  const { graph } = onnx.ModelProto.decode(model)
  if (!graph) throw new TypeError('the model has no graph')
  const slots = new Map<string, Slot>()
  for (const { name, type } of [...(graph.valueInfo ?? []), ...(graph.input ?? [])]) {
    const { elemType, shape } = type!.tensorType!
    const dims = (shape?.dim ?? []).map(dim => dim.dimParam || Number(dim.dimValue))
    slots.set(name!, { name: name!, width: WIDTHS[elemType!]!, shape: dims })
  }
  let weightBytes = 0
  for (const { name, dims, dataType, externalData } of graph.initializer ?? []) {
    const slot = { name: name!, width: WIDTHS[dataType!]!, shape: (dims ?? []).map(Number) }
    slots.set(name!, slot)
    if (externalData?.length) weightBytes += bytesOf(slot, {})
  }
  const nodes = graph.node ?? []
  // An output is a copy of a value under a name of its own; its shape is not written down.
  for (const { input, output } of nodes)
    for (const name of output!) if (!slots.has(name)) slots.set(name, { ...slots.get(input![0]!)!, name })
  const known = (names: readonly string[]) => names.map(name => slots.get(name)!)
  return {
    steps: inOrder(nodes).map(({ opType, input, output, attribute }) => ({
      op: opType!,
      inputs: known(input!),
      outputs: known(output!),
      settings: new Map(attribute!.map(({ name, i }) => [name!, Number(i)])),
    })),
    inputs: known((graph.input ?? []).map(({ name }) => name!)),
    outputs: known((graph.output ?? []).map(({ name }) => name!)),
    weightBytes,
  }
}

function inOrder(nodes: readonly onnx.NodeProto.$Properties[]): onnx.NodeProto.$Properties[] {
  const makers = new Map<string, number>()
  for (const [at, { output }] of nodes.entries()) for (const name of output!) makers.set(name, at)
  const before = nodes.map(({ input }) => {
    const found = input!.map(name => makers.get(name)).filter(at => at !== undefined)
    return [...new Set(found)].sort((a, b) => a - b)
  })
  const isRead = new Set(before.flat())
  const stack = [...nodes.keys()].filter(at => !isRead.has(at)).map(at => ({ at, isLeft: false }))
  const isSeen = new Set<number>()
  const order: onnx.NodeProto.$Properties[] = []
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { at, isLeft } = top
    if (isLeft) order.push(nodes[at]!)
    else if (!isSeen.has(at)) {
      isSeen.add(at)
      stack.push({ at, isLeft: true })
      for (const input of before[at]!) if (!isSeen.has(input)) stack.push({ at: input, isLeft: false })
    }
  }
  return order
}

/** Elements of a tensor. @throws TypeError for a symbol that has no size. */
export function countOf({ shape }: Slot, sizes: Sizes): number {
  return shape.reduce<number>((count, dim) => count * sizeOf(dim, sizes), 1)
}

export function bytesOf(slot: Slot, sizes: Sizes): number {
  return slot.width * countOf(slot, sizes)
}

/** A dimension as a number. @throws TypeError for a symbol that has no size. */
export function sizeOf(dim: Dim, sizes: Sizes): number {
  if (typeof dim === 'number') return dim
  let sum = 0
  for (const [monomial, coefficient] of termsOf(dim)) {
    let product = coefficient
    for (const name of monomial.split('*')) {
      if (name === '') continue
      const size = sizes[name]
      if (size === undefined) throw new TypeError(`no size for ${name}`)
      product *= size
    }
    sum += product
  }
  return sum
}
