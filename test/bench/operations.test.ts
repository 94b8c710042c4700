/** Operations counted by formula against operations counted one by one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linearSizes, type ModelSizes, type Sequence, stepOperations } from './operations.ts'

const MODEL: ModelSizes = {
  layers: 3,
  hiddenSize: 12,
  intermediateSize: 20,
  heads: 4,
  kvHeads: 2,
  headDim: 3,
  vocabSize: 50,
}
const LORA = { rank: 2, targets: ['q_proj', 'v_proj'] }

/** A product of [rows, inner] and [inner, outer]. */
function product(rows: number, inner: number, outer: number): number {
  let operations = 0
  for (let row = 0; row < rows; row++) operations += 2 * inner * outer
  return operations
}

/** As a training step computes it: sequence by sequence, layer by layer, token by token. */
function counted(sequences: readonly Sequence[]): { forward: number; backward: number } {
  let [forward, backward] = [0, 0]
  for (const { tokens, labels } of sequences) {
    for (let layer = 0; layer < MODEL.layers; layer++) {
      for (const [name, [width, out]] of Object.entries(linearSizes(MODEL))) {
        forward += product(tokens, width, out)
        backward += product(tokens, out, width)
        if (!LORA.targets.includes(name)) continue
        forward += product(tokens, width, LORA.rank) + product(tokens, LORA.rank, out)
        backward += product(tokens, out, LORA.rank) + product(tokens, LORA.rank, width) // to the input
        backward += product(out, tokens, LORA.rank) + product(LORA.rank, tokens, width) // of B and A
      }
      for (let token = 0; token < tokens; token++) {
        const seen = token + 1
        const scores = MODEL.heads * product(1, MODEL.headDim, seen)
        const mixed = MODEL.heads * product(1, seen, MODEL.headDim)
        forward += scores + mixed
        backward += 2 * scores + 2 * mixed
      }
    }
    forward += product(labels, MODEL.hiddenSize, MODEL.vocabSize)
    backward += product(labels, MODEL.vocabSize, MODEL.hiddenSize)
  }
  return { forward, backward }
}

test('the formula gives what counting gives', () => {
  const sequences = [
    { tokens: 7, labels: 2 },
    { tokens: 1, labels: 1 },
    { tokens: 30, labels: 12 },
  ]
  const { forward, backward } = counted(sequences)
  assert.deepEqual(stepOperations(MODEL, LORA, sequences), { forward, backward, total: forward + backward })
})

test('what all sequences begin with counts once', () => {
  const prefix = { tokens: 5, labels: 0 }
  const sequences = [
    { tokens: 9, labels: 2 },
    { tokens: 14, labels: 3 },
  ]
  const alone = stepOperations(MODEL, LORA, sequences).total
  const copy = stepOperations(MODEL, LORA, [prefix]).total
  assert.equal(stepOperations(MODEL, LORA, sequences, prefix.tokens).total, alone - copy)
  assert.equal(
    stepOperations(MODEL, LORA, [sequences[0]!], prefix.tokens).total,
    stepOperations(MODEL, LORA, [sequences[0]!]).total,
  )
})

test("SmolLM2-135M takes about 425 million operations a token, and the head's only at labels", () => {
  const model = {
    layers: 30,
    hiddenSize: 576,
    intermediateSize: 1536,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    vocabSize: 49152,
  }
  const lora = { rank: 8, targets: ['q_proj', 'v_proj'] }
  const token = stepOperations(model, lora, [{ tokens: 1, labels: 0 }]).total
  assert.ok(token > 425e6 && token < 430e6, `${token}`)
  assert.equal(stepOperations(model, lora, [{ tokens: 1, labels: 1 }]).total - token, 4 * 576 * 49152)
})
