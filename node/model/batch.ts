/**
 * From examples to the integer tensors of a forward pass: all tokens in one list, without padding.
 *
 * The first tokens that all examples of a pass share (a system prompt, the words of the task) are there once, and
 * computed once: causal attention makes them the same for every example. Only attention knows which tokens belong
 * together, through places in a grid of one row an example. The label of a position is the token after it, so an
 * example's last token is never an input. Which examples make up an optimizer step is `train/`'s business.
 *
 * The rule for long examples, in training and scoring alike: the completion is never cut. The prompt loses its
 * middle, keeping a quarter of the room for its beginning (system prompt, instruction) and the rest for its end
 * (what is asked). A completion that does not fit by itself makes the example unusable.
 */

import type { Graph, Value } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { BLOCKS, type Sequences } from './attention.ts'
import type { LabelInputs } from './loss.ts'

/** Token ids; the loss counts only the completion, which includes its end token. With an empty prompt, its first token has no label. */
export interface Example {
  readonly id: string
  readonly prompt: readonly number[]
  readonly completion: readonly number[]
}

/** The inputs of one forward pass: a shared prefix, then each example's other tokens, without padding. */
export interface Batch {
  readonly tokens: BigInt64Array // [tokens]
  readonly positions: BigInt64Array // [tokens]
  /** Tokens at the front that all examples begin with. */
  readonly prefix: number
  /** Examples, and the length of a row's block in the grid that attention works on; see `attention.ts`. */
  readonly rows: number
  readonly block: number
  readonly grid: BigInt64Array // [rows, BLOCKS, block]
  readonly flat: BigInt64Array // [tokens]
  /** Places whose next token is predicted. */
  readonly labelRows: BigInt64Array // [labels]
  readonly targets: BigInt64Array // [labels]
  /** For each label, the index of its example in the list that was packed. */
  readonly owners: Int32Array // [labels]
  /** Tokens of the examples, the shared prefix counted for each. */
  readonly realTokens: number
}

/** How many tokens go into the model: all but the last. */
export function inputLength({ prompt, completion }: Example): number {
  return prompt.length + completion.length - 1
}

/** How many tokens are predicted. */
export function labelCount({ prompt, completion }: Example): number {
  return prompt.length > 0 ? completion.length : Math.max(0, completion.length - 1)
}

/** The example within `maxLength` tokens by the rule above; undefined when it has no label or cannot fit. */
export function fitExample(example: Example, maxLength: number): Example | undefined {
  const { prompt, completion } = example
  const room = maxLength - completion.length
  if (labelCount(example) === 0 || room < Math.min(1, prompt.length)) return undefined
  if (prompt.length <= room) return example
  const head = Math.floor(room / 4)
  return { ...example, prompt: [...prompt.slice(0, head), ...prompt.slice(prompt.length - (room - head))] }
}

/**
 * Packs examples into as many batches as it takes, longest first, each of at most `batchTokens` tokens (a single
 * longer example makes its own). Neighbours in length share a batch, so that the rows of attention's grid are full.
 * @param firstPosition where positions begin: after the keys that a method puts in front
 */
export function packExamples(examples: readonly Example[], batchTokens: number, firstPosition = 0): Batch[] {
  const sorted = examples
    .map((_, index) => index)
    .sort((a, b) => inputLength(examples[b]!) - inputLength(examples[a]!) || a - b)
  const batches: Batch[] = []
  let group: number[] = []
  let prefix = 0
  let total = 0
  const finish = () => batches.push(fillBatch(examples, group, prefix, firstPosition))
  for (const index of sorted) {
    const example = examples[index]!
    const length = inputLength(example)
    const shared =
      group.length === 0 ? sharable(example) : commonPrefix(examples[group[0]!]!, example, prefix)
    if (group.length > 0 && shared + total + length - shared * (group.length + 1) > batchTokens) {
      finish()
      group = []
      total = 0
      prefix = sharable(example)
    } else prefix = shared
    group.push(index)
    total += length
  }
  if (group.length > 0) finish()
  return batches
}

/** Tokens at the front of a prompt that carry no label. */
function sharable({ prompt }: Example): number {
  return Math.max(0, prompt.length - 1)
}

/** Tokens that both begin with, at most `limit`, and none that carries a label. */
function commonPrefix(a: Example, b: Example, limit: number): number {
  const end = Math.min(limit, sharable(b))
  let length = 0
  while (length < end && a.prompt[length] === b.prompt[length]) length++
  return length
}

function fillBatch(
  examples: readonly Example[],
  indices: readonly number[],
  sharedTokens: number,
  firstPosition: number,
): Batch {
  // Alone, an example shares nothing: all of it goes into the grid.
  const prefix = indices.length === 1 ? 0 : sharedTokens
  const chosen = indices.map(index => examples[index]!)
  const longest = Math.max(...chosen.map(inputLength)) - prefix
  const block = Math.max(1, Math.ceil(longest / BLOCKS))
  const realTokens = chosen.reduce((sum, example) => sum + inputLength(example), 0)
  const count = realTokens - prefix * (chosen.length - 1)
  const labels = chosen.reduce((sum, example) => sum + labelCount(example), 0)
  const batch = {
    tokens: new BigInt64Array(count),
    positions: new BigInt64Array(count),
    prefix,
    rows: chosen.length,
    block,
    grid: new BigInt64Array(chosen.length * BLOCKS * block).fill(-1n),
    flat: new BigInt64Array(count),
    labelRows: new BigInt64Array(labels),
    targets: new BigInt64Array(labels),
    owners: new Int32Array(labels),
    realTokens,
  }
  const put = (place: number, token: number, position: number, at: number): void => {
    batch.tokens[place] = BigInt(token)
    batch.positions[place] = BigInt(firstPosition + position)
    batch.flat[place] = BigInt(at)
  }
  for (let i = 0; i < prefix; i++) put(i, chosen[0]!.prompt[i]!, i, i)
  let place = prefix
  let label = 0
  for (const [row, { prompt, completion }] of chosen.entries()) {
    const ids = [...prompt, ...completion]
    const firstTarget = Math.max(1, prompt.length)
    for (let position = prefix; position < ids.length - 1; position++, place++) {
      const cell = row * BLOCKS * block + position - prefix
      put(place, ids[position]!, position, prefixPlaces(prefix) + cell)
      batch.grid[cell] = BigInt(place)
      if (position + 1 < firstTarget) continue
      batch.labelRows[label] = BigInt(place)
      batch.targets[label] = BigInt(ids[position + 1]!)
      batch.owners[label++] = indices[row]!
    }
  }
  return batch
}

/** How many places attention has for a prefix of that many tokens: it wants at least one. */
function prefixPlaces(prefix: number): number {
  return Math.max(1, prefix)
}

export interface BatchInputs extends Sequences, LabelInputs {
  readonly tokens: Value
  readonly positions: Value
}

/** A graph's inputs for a batch of any size. */
export function batchInputs(graph: Graph): BatchInputs {
  return {
    tokens: graph.input('tokens', 'int64', ['tokens']),
    positions: graph.input('positions', 'int64', ['tokens']),
    prefix: graph.input('prefix', 'int64', ['prefix']),
    grid: graph.input('grid', 'int64', ['rows', BLOCKS, 'block']),
    flat: graph.input('flat', 'int64', ['tokens']),
    labelRows: graph.input('labelRows', 'int64', ['labels']),
    targets: graph.input('targets', 'int64', ['labels']),
  }
}

/** The feeds for `batchInputs`. */
export function batchFeeds(batch: Batch): Record<string, Tensor> {
  const int64 = (dims: readonly number[], data: BigInt64Array): Tensor => ({ dtype: 'int64', dims, data })
  const tokens = [batch.tokens.length]
  const labels = [batch.labelRows.length]
  return {
    tokens: int64(tokens, batch.tokens),
    positions: int64(tokens, batch.positions),
    prefix: int64(
      [prefixPlaces(batch.prefix)],
      BigInt64Array.from({ length: prefixPlaces(batch.prefix) }, (_, i) => BigInt(i < batch.prefix ? i : -1)),
    ),
    grid: int64([batch.rows, BLOCKS, batch.block], batch.grid),
    flat: int64(tokens, batch.flat),
    labelRows: int64(labels, batch.labelRows),
    targets: int64(labels, batch.targets),
  }
}
