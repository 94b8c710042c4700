/**
 * How many arithmetic operations (a multiplication and an addition are two) a step of training a Llama-type model with
 * LoRA takes: the numerator of every rate. Only products count; what lies between them is overhead to be kept small.
 */

export interface ModelSizes {
  readonly layers: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly vocabSize: number
}

export interface LoraSizes {
  readonly rank: number
  readonly targets: readonly string[]
}

/** A sequence by its tokens that go through the model, and how many of them predict one that counts. */
export interface Sequence {
  readonly tokens: number
  readonly labels: number
}

export interface Operations {
  readonly forward: number
  readonly backward: number
  readonly total: number
}

/** [in, out] of the linear layers of a decoder layer. */
export function linearSizes(model: ModelSizes): Readonly<Record<string, readonly [number, number]>> {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = model
  return {
    q_proj: [hiddenSize, heads * headDim],
    k_proj: [hiddenSize, kvHeads * headDim],
    v_proj: [hiddenSize, kvHeads * headDim],
    o_proj: [heads * headDim, hiddenSize],
    gate_proj: [hiddenSize, intermediateSize],
    up_proj: [hiddenSize, intermediateSize],
    down_proj: [intermediateSize, hiddenSize],
  }
}

/**
 * Forward and backward of these sequences, base weights frozen. Each linear layer: one product forward, one back to its
 * input. LoRA: two products forward and four back. Attention: two products of every pair that sees each other forward and
 * four back. The head: at labels only. Of `sharedPrefix` tokens that all sequences begin with, one copy counts.
 */
export function stepOperations(
  model: ModelSizes,
  lora: LoraSizes,
  sequences: readonly Sequence[],
  sharedPrefix = 0,
): Operations {
  const sizes = linearSizes(model)
  const copies = Math.max(0, sequences.length - 1)
  const tokens = sum(sequences.map(sequence => sequence.tokens)) - copies * sharedPrefix
  const labels = sum(sequences.map(sequence => sequence.labels))
  const pairs =
    sum(sequences.map(sequence => causalPairs(sequence.tokens))) - copies * causalPairs(sharedPrefix)
  const linear = sum(Object.values(sizes).map(([width, out]) => 2 * width * out)) * tokens
  const update =
    sum(lora.targets.map(target => 2 * lora.rank * (sizes[target]![0] + sizes[target]![1]))) * tokens
  const attention = 2 * pairs * 2 * model.heads * model.headDim
  const head = 2 * labels * model.hiddenSize * model.vocabSize
  const forward = model.layers * (linear + update + attention) + head
  const backward = model.layers * (linear + 2 * update + 2 * attention) + head
  return { forward, backward, total: forward + backward }
}

/** Pairs of a token and one that it sees, itself included. */
function causalPairs(tokens: number): number {
  return (tokens * (tokens + 1)) / 2
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
