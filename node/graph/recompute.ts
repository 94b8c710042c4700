/**
 * Trades time for memory in a graph with gradients (Chen et al., arXiv 1604.06174): values of the forward pass that the
 * backward pass reads are computed anew for it, from others that are kept. Nothing but that changes: the same ops on the
 * same numbers, so results are the same to the bit.
 *
 * Works on the finished graph, whatever architecture and method made it. What must be kept is found: wherever a single
 * computed value carries all that follows, which in a decoder is the residual stream before and after each of its blocks.
 * What depends on no weight (masks, angles) is shared by all layers and stays.
 *
 * The runtime computes a node's latest-made input first (`execution.ts`). So whatever is computed anew is made before all
 * gradients here: it then waits until the gradient that meets it is there, and lives no longer than it must.
 *
 * Rejected: a composite around each layer, built a second time in its backward pass (every architecture and method would
 * have to bear being asked twice).
 */
import { Graph, type Node, type Value } from './graph.ts'
import type { OpType } from './op.ts'
import { isFloat } from './tensor.ts'

/** `cheap`: what takes a pass over memory and no more. `layers`: all that is not on the residual stream. */
export type Recomputed = 'nothing' | 'cheap' | 'layers'

/** Ops that go over their inputs once. */
const CHEAP: ReadonlySet<OpType> = new Set<OpType>([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Where',
  'Sigmoid',
  'Tanh',
  'QuickGelu',
  'SimplifiedLayerNormalization',
  'Reshape',
])

/** Ops whose output is their input's memory. */
const VIEWS: ReadonlySet<OpType> = new Set<OpType>(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity'])

/** Ops whose cost is their arithmetic. */
const PRODUCTS: ReadonlySet<OpType> = new Set<OpType>(['FusedMatMul', 'MatMulIntegerToFloat'])

/**
 * The graph with values computed anew for its backward pass; inputs, weights and outputs are those of the old one by name.
 * @param losses what the forward pass ends in
 * @param seed the input that every gradient is a multiple of, and the forward pass does not read
 */
export function recompute(graph: Graph, losses: Value, seed: Value, what: Recomputed): Graph {
  if (what === 'nothing') return graph
  const end = graph.nodes.findIndex(({ outputs }) => outputs.includes(losses)) + 1
  const [forward, backward] = [new Forward(graph, graph.nodes.slice(0, end)), graph.nodes.slice(end)]
  const read = new Set(backward.flatMap(({ inputs }) => inputs).filter(value => forward.computed.has(value)))
  const kept = what === 'layers' ? forward.stream() : forward.costly(read)
  const anew = forward.leadingTo(read, kept)
  const gradients = reachedFrom(seed, backward)
  const copy = new Copy(graph, kept)
  for (const node of forward.nodes) copy.add(node)
  for (const node of anew) copy.addAgain(node)
  for (const node of backward) if (!gradients.has(node)) copy.add(node)
  for (const node of backward) if (gradients.has(node)) copy.add(node)
  return copy.finished()
}

/** The nodes that a value flows into. */
function reachedFrom(value: Value, nodes: readonly Node[]): ReadonlySet<Node> {
  const values = new Set([value])
  return new Set(
    nodes.filter(({ inputs, outputs }) => {
      const isReached = inputs.some(input => values.has(input))
      if (isReached) for (const output of outputs) values.add(output)
      return isReached
    }),
  )
}

/** The forward pass as the backward pass sees it. */
class Forward {
  readonly nodes: readonly Node[]
  /** Floats that depend on a weight or a float input. */
  readonly computed = new Set<Value>()
  readonly #makers = new Map<Value, Node>()

  constructor(graph: Graph, nodes: readonly Node[]) {
    this.nodes = nodes
    const sources = new Set(
      [...graph.weights.map(({ value }) => value), ...graph.inputs].filter(
        ({ dtype }) => dtype !== 'int64' && dtype !== 'bool',
      ),
    )
    for (const node of nodes) {
      for (const output of node.outputs) this.#makers.set(output, node)
      if (!node.inputs.some(input => sources.has(input) || this.computed.has(input))) continue
      for (const output of node.outputs) if (isFloat(output.dtype)) this.computed.add(output)
    }
  }

  /**
   * Values that alone carry all that follows them, and all after the last of these that a product still follows: the
   * backward pass begins there, so nothing would be gained.
   */
  stream(): ReadonlySet<Value> {
    const last = new Map<Value, number>()
    for (const [at, { inputs }] of this.nodes.entries()) for (const input of inputs) last.set(input, at)
    const lastProduct = this.nodes.findLastIndex(({ op }) => PRODUCTS.has(op))
    const open = new Set<Value>()
    const kept = new Set<Value>()
    let tail: Value[] = []
    for (const [at, { inputs, outputs }] of this.nodes.entries()) {
      for (const input of inputs) if (last.get(input) === at) open.delete(input)
      const made = outputs.filter(output => this.computed.has(output))
      for (const output of made) if (last.has(output)) open.add(output)
      tail.push(...made)
      if (open.size !== 1) continue
      const [only] = open
      kept.add(only!)
      if (at < lastProduct) tail = []
    }
    for (const value of tail) kept.add(value)
    return kept
  }

  /** Those of the values read that are not a few cheap ops away from others that are kept. */
  costly(read: ReadonlySet<Value>): ReadonlySet<Value> {
    const held = new Set([...read].map(value => this.#memoryOf(value)))
    const kept = new Set<Value>()
    const near = new Set<Value>()
    for (const { op, inputs, outputs } of this.nodes) {
      const isNear =
        CHEAP.has(op) &&
        inputs.every(input => {
          const memory = this.#memoryOf(input)
          return !this.computed.has(input) || near.has(input) || (held.has(memory) && !near.has(memory))
        })
      for (const output of outputs) {
        if (!this.computed.has(output)) continue
        if (isNear) near.add(output)
        else kept.add(output)
      }
    }
    return kept
  }

  /** The nodes, in order, that make these values from what is kept. */
  leadingTo(values: ReadonlySet<Value>, kept: ReadonlySet<Value>): readonly Node[] {
    const wanted = new Set([...values].filter(value => !kept.has(value)))
    const found = this.nodes.toReversed().filter(({ inputs, outputs }) => {
      if (!outputs.some(output => wanted.has(output))) return false
      for (const input of inputs) if (this.computed.has(input) && !kept.has(input)) wanted.add(input)
      return true
    })
    return found.reverse()
  }

  #memoryOf(value: Value): Value {
    const maker = this.#makers.get(value)
    return maker !== undefined && VIEWS.has(maker.op) ? this.#memoryOf(maker.inputs[0]!) : value
  }
}

/** A graph under construction from another's nodes. */
class Copy {
  readonly #from: Graph
  readonly #to = new Graph()
  readonly #kept: ReadonlySet<Value>
  readonly #first = new Map<Value, Value>()
  readonly #again = new Map<Value, Value>()

  constructor(from: Graph, kept: ReadonlySet<Value>) {
    this.#from = from
    this.#kept = kept
    for (const value of from.inputs)
      this.#first.set(value, this.#to.input(value.name, value.dtype, value.shape))
    for (const { value, tensor } of from.constants)
      this.#first.set(value, this.#to.constant(tensor, value.name))
    for (const { value, location } of from.weights)
      this.#first.set(value, this.#to.weight(value.name, value.dtype, value.shape as number[], location))
  }

  add(node: Node): void {
    for (const [output, made] of this.#made(node)) this.#first.set(output, made)
  }

  /** A node of the forward pass once more; what is added from then on reads its outputs, unless they are kept. */
  addAgain(node: Node): void {
    for (const [output, made] of this.#made(node)) if (!this.#kept.has(output)) this.#again.set(output, made)
  }

  finished(): Graph {
    for (const [name, value] of this.#from.outputs) this.#to.output(name, this.#first.get(value)!)
    return this.#to
  }

  #made({ op, inputs, attributes, outputs }: Node): [Value, Value][] {
    const read = inputs.map(input => this.#again.get(input) ?? this.#first.get(input)!)
    // Apart, so that what was made twice on purpose stays so.
    const node = this.#to.apart(() => this.#to.node(op, read, attributes, outputs))
    return outputs.map((output, index) => [output, node.outputs[index]!])
  }
}
