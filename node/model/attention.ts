/**
 * Causal attention with grouped heads and rotary positions, over sequences of different lengths.
 *
 * Knows heads, not weights: projections are the architecture file's. Heads that share keys are folded into the query
 * axis, so that grouped attention is plain products without copies of keys and values.
 * Rotary embedding: Su et al., arXiv 2104.09864, in Hugging Face's half-split order.
 *
 * Sequences of a pass share its first tokens (`prefix`), which are computed once; where they share none, it is one place
 * of padding, since no runtime can be trusted to sum over nothing. The rest of each lies in a row of a grid, padded at
 * the end; the grid is cut into blocks along the row, and a block of queries meets only the keys up to its own end, so
 * most of what causality forbids is never computed. The gradient is written out: probabilities are computed anew from
 * queries and keys (they would take more memory than all else), and their softmax is differentiated by way of the
 * output (Dao et al., arXiv 2205.14135, appendix B).
 */
import { composite, rotateHalves } from '../graph/composite.ts'
import { addDims, type Dim, multiplyDims } from '../graph/dim.ts'
import type { Value } from '../graph/graph.ts'
import {
  add,
  and,
  cast,
  concat,
  cos,
  dimensionOf,
  equal,
  expand,
  gather,
  greaterOrEqual,
  less,
  lessOrEqual,
  matMul,
  mul,
  pad,
  range,
  reduceSum,
  reshape,
  scalarLike,
  sin,
  slice,
  softmax,
  split,
  sub,
  transpose,
  unsqueeze,
  where,
} from '../graph/ops.ts'
import { tensorOf } from '../graph/tensor.ts'
import type { RopeConfig } from './config.ts'

/** A float that a probability after softmax cannot survive, and that a score can be added to without overflow. */
const MASKED = -1e30

export interface AttentionOptions {
  /** Factor on the products of queries and keys; 1 / sqrt(headDim) in most models. */
  readonly scale: number
  /** A query sees this many tokens, itself included; all before it where absent. */
  readonly window?: number
}

/** Cosines and sines of every token's angles. */
export interface Rotation {
  readonly cos: Value // [tokens, headDim/2]
  readonly sin: Value // [tokens, headDim/2]
}

/** Angular frequency of each pair of dimensions. */
export function ropeFrequencies(rope: RopeConfig, headDim: number): number[] {
  const plain = Array.from({ length: headDim / 2 }, (_, i) => rope.theta ** ((-2 * i) / headDim))
  switch (rope.type) {
    case 'default':
      return plain
    case 'linear':
      return plain.map(frequency => frequency / rope.factor)
    case 'llama3':
      // Llama 3.1: long waves are stretched, short ones left, those between blended.
      return plain.map(frequency => {
        const turns = (rope.originalMaxPositions * frequency) / (2 * Math.PI)
        const blend = (turns - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor)
        const kept = Math.min(1, Math.max(0, blend))
        return (1 - kept) * (frequency / rope.factor) + kept * frequency
      })
    case 'longrope':
      return plain.map((frequency, i) => frequency / rope.factors[i]!)
  }
}

/** Angles of all tokens, once for all layers. `positions` int64 [tokens]; `dtype` is the type of the activations. */
export function rotation(
  rope: RopeConfig,
  headDim: number,
  positions: Value,
  dtype: 'float32' | 'float64',
): Rotation {
  const frequencies = ropeFrequencies(rope, headDim)
  const table = positions.graph.constant(tensorOf(dtype, [frequencies.length], frequencies))
  const angles = mul(cast(unsqueeze(positions, [1]), dtype), table) // [tokens, headDim/2]
  if (rope.type !== 'longrope') return { cos: cos(angles), sin: sin(angles) }
  const scale = scalarLike(angles, rope.scale)
  return { cos: mul(cos(angles), scale), sin: mul(sin(angles), scale) }
}

/** [tokens, heads, headDim], each half-split pair turned by its angle. */
export function rotate(x: Value, { cos, sin }: Rotation): Value {
  return rotateHalves(x, cos, sin)
}

/** Which sequences a pass holds; see `batch.ts`, which fills them. All int64. */
export interface Sequences {
  readonly prefix: Value // [prefix]: places of the shared first tokens, a single -1 where there are none
  readonly grid: Value // [rows, blocks, block]: places of the other tokens, -1 where a row is over
  readonly flat: Value // [tokens]: where each token is in the prefix followed by the grid
}

/** Blocks that a row of the grid is cut into. */
export const BLOCKS = 4

/**
 * softmax(scale q kᵀ) v, each token over those before it in its own sequence.
 * @param q [tokens, heads, headDim]; k, v [tokens, kvHeads, headDim], all rotated where they must be
 * @param learned keys and values in front of every sequence, [virtual, kvHeads, headDim] each
 * @returns [tokens, heads*headDim]
 */
export function attendSequences(
  sequences: Sequences,
  q: Value,
  k: Value,
  v: Value,
  options: AttentionOptions,
  learned?: { readonly keys: Value; readonly values: Value },
): Value {
  const [, heads, headDim] = q.shape as [Dim, number, number]
  const [virtual, front, back] =
    learned === undefined
      ? [0 as Dim, k, v]
      : [learned.keys.shape[0]!, concat([learned.keys, k], 0), concat([learned.values, v], 0)]
  const pass = new Pass(sequences, virtual, heads, k.shape[1] as number, headDim, options, q)
  const output = composite(
    [q, front, back],
    () => pass.forward(q, front, back),
    g => pass.backward(q, front, back, output, g),
  )
  return reshape(output, [-1, heads * headDim])
}

/**
 * softmax(scale q kᵀ) v of one sequence whose first keys were read before.
 * @param q [tokens, heads, headDim], the last `tokens` of the keys' places; k, v [keys, kvHeads, headDim]
 * @returns [tokens, heads*headDim]
 */
export function attendCached(q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const [tokens, heads, headDim] = q.shape as [Dim, number, number]
  const [keys, kvHeads] = k.shape as [Dim, number]
  const group = heads / kvHeads
  const past = addDims(keys, multiplyDims(tokens, -1))
  const places = [range(q.graph, past, tokens), range(q.graph, 0, keys)] as const
  const bias = causalBias(q, group, ...places, options.window)
  const mixed = matMul(
    probabilities(foldHeads(q, kvHeads, group), headsFirst(k), bias, options.scale),
    headsFirst(v),
  )
  return reshape(unfoldHeads(mixed, kvHeads, group, tokens), [-1, heads * headDim])
}

/** The sums of one attention over a pass; forward and backward share how it is laid out. */
class Pass {
  readonly #at: Sequences
  readonly #virtual: Dim
  readonly #group: number
  readonly #heads: number
  readonly #kvHeads: number
  readonly #headDim: number
  readonly #scale: number
  readonly #rows: Dim
  readonly #block: Dim
  /** Keys in front of a row: learned ones and the shared prefix. */
  readonly #front: Dim
  readonly #prefixBias: Value
  readonly #blockBias: readonly Value[]
  /** 1 where the grid has a token, 0 where it is padding. [rows, blocks, block, 1, 1] */
  readonly #real: Value

  constructor(
    at: Sequences,
    virtual: Dim,
    heads: number,
    kvHeads: number,
    headDim: number,
    { scale, window }: AttentionOptions,
    like: Value,
  ) {
    this.#at = at
    this.#virtual = virtual
    this.#heads = heads
    this.#kvHeads = kvHeads
    this.#group = heads / kvHeads
    this.#headDim = headDim
    this.#scale = scale
    const [prefix] = at.prefix.shape as [Dim]
    const [rows, , block] = at.grid.shape as [Dim, Dim, Dim]
    this.#rows = rows
    this.#block = block
    this.#front = addDims(virtual, prefix)
    const { graph } = like
    const real = isPlace(at.prefix)
    const ofPrefix = where(real, range(graph, virtual, prefix), scalarLike(at.prefix, -1))
    const front = virtual === 0 ? ofPrefix : concat([range(graph, 0, virtual), ofPrefix], 0)
    const first = add(reduceSum(cast(real, 'int64'), [0], true), dimensionOf(graph, virtual))
    const ofRow = (from: Dim, count: Dim): Value => add(range(graph, from, count), first)
    this.#prefixBias = causalBias(like, this.#group, ofPrefix, front, window)
    this.#blockBias = Array.from({ length: BLOCKS }, (_, i) => {
      const keys = concat([front, ofRow(0, multiplyDims(block, i + 1))], 0)
      return causalBias(like, this.#group, ofRow(multiplyDims(block, i), block), keys, window)
    })
    this.#real = cast(unsqueeze(isPlace(at.grid), [3, 4]), like.dtype as 'float32')
  }

  forward(q: Value, k: Value, v: Value): Value {
    const prefix = matMul(this.#prefixProbabilities(q, k), headsFirst(this.#prefixKeys(v)))
    const [queries, keys, values] = [this.#queryBlocks(q), this.#rowKeys(k), this.#rowKeys(v)]
    const blocks = queries.map((query, i) =>
      matMul(this.#blockProbabilities(i, query, keys), this.#upTo(values, i)),
    )
    return this.#toTokens(this.#foldedPrefix(prefix), this.#fromBlocks(blocks))
  }

  /** d q, d k, d v. With P the probabilities and O the output: dP = dO vᵀ, dS = P (dP - sum(dO O)). */
  backward(q: Value, k: Value, v: Value, o: Value, gradient: Value): Value[] {
    const { prefix } = this.#at
    const g = gradient // [tokens, heads, headDim]
    const inner = reduceSum(mul(g, o), [2], true) // [tokens, heads, 1]
    const [alpha, transA, transB] = [this.#scale, { transA: true }, { transB: true }]

    // The shared prefix, over itself.
    const pp = this.#prefixProbabilities(q, k)
    const fold = (x: Value) => foldHeads(gather(x, prefix), this.#kvHeads, this.#group)
    const gp = fold(g)
    const sp = mul(pp, sub(matMul(gp, headsFirst(this.#prefixKeys(v)), transB), fold(inner)))
    const dqPrefix = matMul(sp, headsFirst(this.#prefixKeys(k)), { alpha })
    const dkPrefix = matMul(sp, fold(q), { ...transA, alpha })
    const dvPrefix = matMul(pp, gp, transA)

    // Each block of queries, over the keys up to its end.
    const [queries, keys, values] = [this.#queryBlocks(q), this.#rowKeys(k), this.#rowKeys(v)]
    const gs = this.#queryBlocks(g, this.#real)
    const inners = this.#queryBlocks(inner, this.#real)
    const dq: Value[] = []
    let dk: Value | undefined
    let dv: Value | undefined
    for (const [i, query] of queries.entries()) {
      const p = this.#blockProbabilities(i, query, keys)
      const s = mul(p, sub(matMul(gs[i]!, this.#upTo(values, i), transB), inners[i]!))
      dq.push(matMul(s, this.#upTo(keys, i), { alpha }))
      dk = this.#grown(dk, matMul(turned(query), s, { alpha }))
      dv = this.#grown(dv, matMul(turned(gs[i]!), p))
    }
    return [
      this.#toTokens(this.#foldedPrefix(dqPrefix), this.#fromBlocks(dq)),
      this.#keyGradient(dkPrefix, dk!),
      this.#keyGradient(dvPrefix, dv!),
    ]
  }

  /** Keys that a row has before block `i`. */
  #keysBefore(i: number): Dim {
    return addDims(this.#front, multiplyDims(this.#block, i))
  }

  #prefixProbabilities(q: Value, k: Value): Value {
    const queries = foldHeads(gather(q, this.#at.prefix), this.#kvHeads, this.#group)
    return probabilities(queries, headsFirst(this.#prefixKeys(k)), this.#prefixBias, this.#scale)
  }

  #blockProbabilities(i: number, query: Value, keys: Value): Value {
    return probabilities(query, this.#upTo(keys, i), this.#blockBias[i]!, this.#scale)
  }

  /** Learned keys and those of the shared prefix. [front, kvHeads, headDim] */
  #prefixKeys(k: Value): Value {
    const real = gather(k, this.#inFront(this.#at.prefix))
    return this.#virtual === 0 ? real : concat([slice(k, 0, 0, this.#virtual), real], 0)
  }

  /** Places of tokens among keys, which learned ones come before. */
  #inFront(places: Value): Value {
    return this.#virtual === 0 ? places : add(places, dimensionOf(places.graph, this.#virtual))
  }

  /** Queries (or what goes with them) by block: [rows, kvHeads, group*block, width] each. */
  #queryBlocks(x: Value, mask?: Value): Value[] {
    const width = x.shape[2]!
    const grid = gather(x, this.#at.grid) // [rows, blocks, block, heads, width]
    const masked = mask === undefined ? grid : mul(grid, mask)
    const grouped = reshape(masked, [this.#rows, BLOCKS, this.#block, this.#kvHeads, this.#group, width])
    const ordered = transpose(grouped, [1, 0, 3, 4, 2, 5]) // [blocks, rows, kvHeads, group, block, width]
    return split(ordered, 0, new Array<number>(BLOCKS).fill(1)).map(block =>
      reshape(block, [this.#rows, this.#kvHeads, multiplyDims(this.#group, this.#block), width]),
    )
  }

  /** The inverse of `#queryBlocks`: [rows*blocks*block, heads, headDim]. */
  #fromBlocks(blocks: readonly Value[]): Value {
    const parts = blocks.map(block =>
      reshape(block, [1, this.#rows, this.#kvHeads, this.#group, this.#block, this.#headDim]),
    )
    return reshape(transpose(concat(parts, 0), [1, 0, 4, 2, 3, 5]), [-1, this.#heads, this.#headDim])
  }

  /** Every row's keys, the front first: [rows, kvHeads, front+blocks*block, headDim]. */
  #rowKeys(k: Value): Value {
    const own = gather(k, this.#inFront(reshape(this.#at.grid, [this.#rows, -1])))
    const front = unsqueeze(headsFirst(this.#prefixKeys(k)), [0]) // [1, kvHeads, front, headDim]
    const repeated = expand(front, [this.#rows, this.#kvHeads, this.#front, this.#headDim])
    return concat([repeated, transpose(own, [0, 2, 1, 3])], 2)
  }

  #upTo(keys: Value, i: number): Value {
    return slice(keys, 2, 0, this.#keysBefore(i + 1))
  }

  /** A sum over the keys of more and more blocks, [rows, kvHeads, headDim, keys]. */
  #grown(sum: Value | undefined, next: Value): Value {
    return sum === undefined ? next : add(pad(sum, 3, 0, this.#block), next)
  }

  /**
   * Gradients of keys in the order of `k`, from those of the front, [kvHeads, front, headDim], and of all rows. These
   * come with the wide axis last: a product whose narrow side is transposed is cheap, one whose wide side is not.
   */
  #keyGradient(front: Value, rows: Value): Value {
    const sizes = [this.#front, multiplyDims(BLOCKS, this.#block)]
    const [ofFront, own] = split(rows, 3, sizes) as [Value, Value]
    const all = add(
      transpose(front, [1, 0, 2]),
      transpose(reduceSum(ofFront, [0]), [2, 0, 1]), // [front, kvHeads, headDim]
    )
    const [learned, real] =
      this.#virtual === 0 ? [undefined, all] : split(all, 0, [this.#virtual, this.#at.prefix.shape[0]!])
    const cells = reshape(transpose(own, [0, 3, 1, 2]), [-1, this.#kvHeads, this.#headDim])
    const tokens = this.#toTokens(real!, cells)
    return learned === undefined ? tokens : concat([learned, tokens], 0)
  }

  #foldedPrefix(x: Value): Value {
    return unfoldHeads(x, this.#kvHeads, this.#group, this.#at.prefix.shape[0]!)
  }

  /** From the prefix followed by the grid to the order of the tokens. */
  #toTokens(prefix: Value, grid: Value): Value {
    return gather(concat([prefix, grid], 0), this.#at.flat)
  }
}

/** softmax(scale q kᵀ + bias) over [..., group*queries, headDim] and [..., keys, headDim]. */
function probabilities(q: Value, k: Value, bias: Value, scale: number): Value {
  return softmax(add(matMul(q, k, { transB: true, alpha: scale }), bias), -1)
}

/** The last two of four axes exchanged. */
function turned(x: Value): Value {
  return transpose(x, [0, 1, 3, 2])
}

/** [length, kvHeads, headDim] -> [kvHeads, length, headDim] */
function headsFirst(x: Value): Value {
  return transpose(x, [1, 0, 2])
}

/** [length, heads, width] -> [kvHeads, group*length, width] */
function foldHeads(x: Value, kvHeads: number, group: number): Value {
  const [length, , width] = x.shape as [Dim, number, number]
  const grouped = transpose(reshape(x, [length, kvHeads, group, width]), [1, 2, 0, 3])
  return reshape(grouped, [kvHeads, multiplyDims(group, length), width])
}

/** The inverse of `foldHeads`. */
function unfoldHeads(x: Value, kvHeads: number, group: number, length: Dim): Value {
  const width = x.shape[2]!
  const apart = transpose(reshape(x, [kvHeads, group, length, width]), [2, 0, 1, 3])
  return reshape(apart, [length, kvHeads * group, width])
}

/** True for a place, false for the -1 that is padding. */
function isPlace(places: Value): Value {
  return greaterOrEqual(places, scalarLike(places, 0))
}

/**
 * 0 where a query may see a key, else MASKED; padding sees padding and nothing else. Repeated for the heads of a group.
 * @param queries, keys their places in the sequence, -1 for padding. @returns [group*queries, keys]
 */
function causalBias(like: Value, group: number, queries: Value, keys: Value, window?: number): Value {
  const [at, seen] = [unsqueeze(queries, [1]), unsqueeze(keys, [0])]
  let visible = and(lessOrEqual(seen, at), equal(isPlace(seen), isPlace(at)))
  if (window !== undefined) visible = and(visible, less(sub(at, seen), scalarLike(at, window)))
  const bias = where(visible, scalarLike(like, 0), scalarLike(like, MASKED))
  return concat(new Array<Value>(group).fill(bias), 0)
}
