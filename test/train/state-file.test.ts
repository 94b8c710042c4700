import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { readSafetensors, writeSafetensors } from '../../node/model/safetensors.ts'
import type { TrainerState } from '../../node/train/state.ts'
import { decodeTrainerState, encodeTrainerState } from '../../node/train/state-file.ts'

const STATE: TrainerState = {
  run: {
    base: 'a'.repeat(64),
    method: 'lora',
    methodConfig: { rank: 8, targets: ['q_proj', 'v_proj'] },
    config: { learningRate: 0.1 + 0.2, seed: Number.MIN_SAFE_INTEGER },
    items: 'b'.repeat(64),
    validation: '',
  },
  precision: 'int8',
  step: 2,
  tokens: 123_456_789_012,
  parameters: new Map([['a/b', Float32Array.of(1e-45, -0, 3.4e38)]]),
  optimizer: { step: 2, tensors: new Map([['first/a/b', Float32Array.of(1, 2, 3)]]) },
  curve: [
    { step: 1, loss: 1 / 3, learningRate: 1e-3, gradientNorm: 5e-324 },
    { step: 2, loss: 0.1, learningRate: 1e-4, gradientNorm: 2, validationLoss: 1.1 },
  ],
}
const VALIDATED: TrainerState = {
  ...STATE,
  validation: {
    initialLoss: 2,
    bestLoss: 1.1,
    bestStep: 2,
    since: 0,
    best: new Map([['a/b', Float32Array.of(1, 2, 3)]]),
  },
}

/** The bytes of a state whose JSON `change` has altered, with a hash that is right. */
function altered(
  change: (json: Record<string, unknown>) => unknown,
  extra: readonly string[] = [],
): Uint8Array {
  const { tensors, metadata } = readSafetensors(encodeTrainerState(STATE).subarray(40))
  const json = JSON.parse(metadata.get('state')!) as Record<string, unknown>
  for (const name of extra) tensors.set(name, { shape: [1], data: Float32Array.of(1) })
  return wrapped(writeSafetensors(tensors, { state: JSON.stringify(change(json)) }))
}

function wrapped(body: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(body).digest()
  return Buffer.concat([Buffer.from('oppurun\u0001', 'latin1'), hash, body])
}

test('what is written is read, to the last bit', () => {
  for (const state of [STATE, VALIDATED]) {
    assert.deepEqual(decodeTrainerState(encodeTrainerState(state)), state)
    assert.deepEqual(
      encodeTrainerState(decodeTrainerState(encodeTrainerState(state))),
      encodeTrainerState(state),
    )
  }
  assert.ok(Object.is(decodeTrainerState(encodeTrainerState(STATE)).parameters.get('a/b')![1], -0))
})

test('every changed byte and every cut is noticed', () => {
  const whole = encodeTrainerState(VALIDATED)
  for (const at of whole.keys()) {
    const damaged = Uint8Array.from(whole)
    damaged[at]! ^= 4
    assert.throws(() => decodeTrainerState(damaged), { code: 'INVALID_DATA' }, `byte ${at}`)
    assert.throws(() => decodeTrainerState(whole.subarray(0, at)), { code: 'INVALID_DATA' }, `cut at ${at}`)
  }
  assert.throws(() => decodeTrainerState(Buffer.concat([whole, Uint8Array.of(0)])), { code: 'INVALID_DATA' })
})

test('another version is refused by its number', () => {
  const later = encodeTrainerState(STATE)
  later[7] = 2
  assert.throws(() => decodeTrainerState(later), /version is 2/)
})

test('unknown, missing and senseless fields are refused though the hash is right', () => {
  assert.deepEqual(decodeTrainerState(altered(json => json)), STATE)
  const bad: ((json: Record<string, unknown>) => unknown)[] = [
    json => ({ ...json, more: 1 }),
    json => ({ ...json, step: undefined }),
    json => ({ ...json, precision: 'auto' }),
    json => ({ ...json, precision: 'int7' }),
    json => ({ ...json, step: -1 }),
    json => ({ ...json, step: 3 }),
    json => ({ ...json, tokens: '5' }),
    json => ({ ...json, updates: 0.5 }),
    json => ({ ...json, curve: [[1, 2, 3]] }),
    json => ({
      ...json,
      curve: [
        [1, 2, 'x', null],
        [1, 2, 3, null],
      ],
    }),
    json => ({ ...json, curve: {} }),
    json => ({ ...json, run: { ...(json.run as object), more: '' } }),
    json => ({ ...json, run: { ...(json.run as object), config: [] } }),
    json => ({ ...json, run: { ...(json.run as object), base: 1 } }),
    json => ({ ...json, validation: { initialLoss: 1, bestLoss: 1, bestStep: 0 } }),
    json => ({ ...json, validation: null }),
    () => 5,
    () => null,
  ]
  for (const [index, change] of bad.entries())
    assert.throws(() => decodeTrainerState(altered(change)), { code: 'INVALID_DATA' }, `change ${index}`)
  for (const name of ['other/x', 'parameter', 'parameter/', 'best/a/b'])
    assert.throws(() => decodeTrainerState(altered(json => json, [name])), { code: 'INVALID_DATA' }, name)
  assert.throws(() => decodeTrainerState(wrapped(writeSafetensors(new Map()))), { code: 'INVALID_DATA' })
  assert.throws(() => decodeTrainerState(wrapped(Buffer.from('no such file'))), { code: 'INVALID_DATA' })
  assert.throws(() => decodeTrainerState(new Uint8Array(0)), { code: 'INVALID_DATA' })
})
