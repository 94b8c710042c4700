/**
 * A computation under construction: inputs, initializers, nodes in the order they were made (which is a
 * topological order, since a node can only use values that exist), and named outputs. Names are made here and
 * nowhere else. What an op means and which shapes it takes stands in `ops.ts`; bytes are `onnx.ts`'s.
 *
 * Nodes are pure, so an equal node (same op, inputs and attributes) is made once: the shape arithmetic that
 * symbolic dimensions need, and repeated masks and rotations, cost nothing when written twice.
 *
 * Rejected: a tensor class with methods that builds implicitly (who owns the graph becomes unclear), and
 * weights held as JavaScript arrays (models above 2 GB, and one copy of every weight too many).
 */
import { canonicalShape, type Dim, isSymbol } from './dim.ts'
import type { OpType } from './op.ts'
import { type DType, elementCount, isFloat, type Tensor } from './tensor.ts'

export type { Dim } from './dim.ts'

/** A tensor that will exist when the graph runs. `shape` is canonical (see `dim.ts`); scalars have `[]`. */
export interface Value {
  readonly graph: Graph
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly Dim[]
}

export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly tensor: Tensor }
  /** For gradient rules only: what the runtime gets as a computed input. Not written to the model. */
  | { readonly dims: readonly Dim[] }

export type Attributes = Readonly<Record<string, Attribute>>

export interface Node {
  readonly name: string
  readonly op: OpType
  readonly inputs: readonly Value[]
  readonly attributes: Attributes
  readonly outputs: readonly Value[]
}

/** A value seen as one function of `inputs`, with a gradient rule for them. */
export interface Composite {
  readonly inputs: readonly Value[]
  /** One gradient per input, undefined where none is wanted; `gradient` is the output's. */
  readonly backward: (gradient: Value, wants: (input: number) => boolean) => readonly (Value | undefined)[]
}

/** Where the bytes of a weight are. */
export interface WeightLocation {
  readonly path: string
  readonly offset: number
  readonly length: number
}

export interface Weight {
  readonly value: Value
  readonly location: WeightLocation
}

export interface Constant {
  readonly value: Value
  readonly tensor: Tensor
}

/** What a node produces, given by the op's shape rule. */
export interface OutputType {
  readonly dtype: DType
  readonly shape: readonly Dim[]
}

export class Graph {
  readonly #names = new Set<string>()
  readonly #inputs: Value[] = []
  readonly #constants = new Map<string, Constant>()
  readonly #tensors = new Map<Value, Tensor>()
  readonly #weights: Weight[] = []
  readonly #nodes: Node[] = []
  readonly #known = new Map<string, Node>()
  readonly #outputs = new Map<string, Value>()
  readonly #symbols = new Map<string, { value: Value; axis: number }>()
  readonly #composites = new Map<Value, Composite>()
  /** Nodes of the innermost `apart`, undefined outside of one. */
  #apart: Map<string, Node> | undefined

  get inputs(): readonly Value[] {
    return this.#inputs
  }
  get constants(): readonly Constant[] {
    return [...this.#constants.values()]
  }
  get weights(): readonly Weight[] {
    return this.#weights
  }
  get nodes(): readonly Node[] {
    return this.#nodes
  }
  get outputs(): ReadonlyMap<string, Value> {
    return this.#outputs
  }

  /**
   * A tensor fed at every run. Strings in `shape` are symbols ('batch', 'seq'); the first input that bears one
   * defines it, and equal symbols must be equal at run time.
   * @throws TypeError on a name in use, or a symbol that is not a plain name.
   */
  input(name: string, dtype: DType, shape: readonly Dim[]): Value {
    for (const dim of shape) {
      if (typeof dim === 'number' ? !Number.isSafeInteger(dim) || dim < 0 : !isSymbol(dim)) {
        throw new TypeError(`input ${name}: not a size or symbol: ${JSON.stringify(dim)}`)
      }
    }
    const value = this.#value(this.#take(name), dtype, shape)
    this.#inputs.push(value)
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim === 'string' && !this.#symbols.has(dim)) this.#symbols.set(dim, { value, axis })
    }
    return value
  }

  /** A small tensor embedded in the model; equal constants are one. The data must not change afterwards. */
  constant(tensor: Tensor, name?: string): Value {
    const { dtype, dims, data } = tensor
    if (data.length !== elementCount(dims))
      throw new TypeError(`constant of [${dims.join(', ')}] has ${data.length} elements`)
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    const key = `${name ?? ''} ${dtype} ${dims.join()} ${bytes.toString('latin1')}`
    const known = this.#constants.get(key)
    if (known !== undefined) return known.value
    const value = this.#value(name === undefined ? this.#fresh('constant') : this.#take(name), dtype, dims)
    this.#constants.set(key, { value, tensor })
    this.#tensors.set(value, tensor)
    return value
  }

  /**
   * A weight whose bytes (little-endian, row-major, as `dtype`) lie in a file.
   * @throws TypeError when the length does not fit type and shape.
   */
  weight(name: string, dtype: DType, shape: readonly number[], location: WeightLocation): Value {
    const bytes = elementCount(shape) * BYTES[dtype]
    if (location.length !== bytes)
      throw new TypeError(`weight ${name} takes ${bytes} bytes, not ${location.length}`)
    const value = this.#value(this.#take(name), dtype, shape)
    this.#weights.push({ value, location })
    return value
  }

  /** Gives a value a name under which a run returns it. Inputs and constants may be outputs too. */
  output(name: string, value: Value): void {
    this.own(value)
    if (this.#outputs.has(name)) throw new TypeError(`output ${name} exists`)
    this.#outputs.set(name, value)
  }

  /** Adds a node, or finds the equal one. Called by `ops.ts`, which has checked the inputs. */
  node(op: OpType, inputs: readonly Value[], attributes: Attributes, outputs: readonly OutputType[]): Node {
    for (const input of inputs) this.own(input)
    const key = nodeKey(op, inputs, attributes)
    // Shape arithmetic and masks are shared everywhere; numbers made apart are not taken from outside.
    const shared = this.#apart === undefined || !outputs.some(({ dtype }) => isFloat(dtype))
    const nodes = shared ? this.#known : this.#apart!
    const known = nodes.get(key)
    if (known !== undefined) return known
    const name = this.#fresh(op)
    const values = outputs.map(({ dtype, shape }, index) =>
      this.#value(index === 0 ? name : this.#take(`${name}:${index}`), dtype, shape),
    )
    const node: Node = { name, op, inputs, attributes, outputs: values }
    this.#nodes.push(node)
    nodes.set(key, node)
    return node
  }

  /**
   * Builds nodes that compute numbers anew even where equal nodes exist: what a gradient rule recomputes apart need
   * not stay in memory since the forward pass.
   */
  apart<T>(build: () => T): T {
    const outer = this.#apart
    this.#apart = new Map()
    try {
      return build()
    } finally {
      this.#apart = outer
    }
  }

  /** Gives a value a gradient rule of its own, in place of those of the nodes behind it. See `composite.ts`. */
  addComposite(output: Value, composite: Composite): void {
    this.own(output)
    if (!this.#composites.has(output)) this.#composites.set(output, composite)
  }

  /** The rule of its own that a value has, if it has one. */
  compositeOf(output: Value): Composite | undefined {
    return this.#composites.get(output)
  }

  /** The tensor behind a constant, undefined for any other value. */
  tensorOf(value: Value): Tensor | undefined {
    return this.#tensors.get(value)
  }

  /** The input and axis that define a symbol. @throws TypeError for a symbol that no input has. */
  symbol(name: string): { readonly value: Value; readonly axis: number } {
    const place = this.#symbols.get(name)
    if (place === undefined) throw new TypeError(`no input has the dimension ${JSON.stringify(name)}`)
    return place
  }

  /** @throws TypeError when the value was made by another graph. */
  own(value: Value): void {
    if (value.graph !== this) throw new TypeError(`${value.name} belongs to another graph`)
  }

  #value(name: string, dtype: DType, shape: readonly Dim[]): Value {
    return Object.freeze({ graph: this, name, dtype, shape: Object.freeze(canonicalShape(shape)) })
  }

  #fresh(stem: string): string {
    return this.#take(`${stem}_${this.#names.size}`)
  }

  #take(name: string): string {
    if (this.#names.has(name)) throw new TypeError(`the name ${name} is taken`)
    this.#names.add(name)
    return name
  }
}

const BYTES = {
  float32: 4,
  float64: 8,
  float16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const satisfies Record<DType, number>

function nodeKey(op: OpType, inputs: readonly Value[], attributes: Attributes): string {
  const words = Object.entries(attributes).map(([name, attribute]) => {
    const [kind, content] = Object.entries(attribute)[0] ?? []
    const text = kind === 'tensor' ? tensorText((attribute as { tensor: Tensor }).tensor) : String(content)
    return `${name}=${kind}:${text}`
  })
  return [op, ...inputs.map(input => input.name), ...words].join('\n')
}

function tensorText({ dtype, dims, data }: Tensor): string {
  return `${dtype} ${dims.join()} ${data.join()}`
}
