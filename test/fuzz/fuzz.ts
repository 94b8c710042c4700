/**
 * Feeds a reader of outside bytes with bent ones, and holds it to this: each input is read, and then what was read is
 * right, or is refused with a code. Nothing else is thrown, no input takes long, and memory does not grow.
 */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { isOppuError } from '../../protocol/errors.ts'
import { bent } from './bent.ts'

export interface Subject {
  readonly name: string
  /** Good inputs. */
  readonly corpus: readonly Uint8Array[]
  /** Throws an OppuError to refuse. Whatever it reads it has to hold against what may be read: other errors are bugs. */
  readonly read: (bytes: Uint8Array) => unknown
  /** One input of so many for each of others: for what checks signatures, which takes milliseconds. */
  readonly slower?: number
}

export interface Outcome {
  readonly inputs: number
  readonly refused: number
  /** For the slowest input, when it was read again. */
  readonly slowestMs: number
  readonly grownBytes: number
  readonly seconds: number
}

const INPUTS_A_TURN = 200
const SLOW_MS = 500
const GROWTH_BYTES = 8 << 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Typed arrays are freed a turn after whoever held them. */
async function memory(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    collect()
    await setImmediate()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** @throws what a property that does not hold throws, with the seed and the fewest edits that show it. */
export async function fuzz(
  subject: Subject,
  options: { readonly inputs: number; readonly seed: number; readonly onInput?: (bytes: Uint8Array) => void },
): Promise<Outcome> {
  const { corpus, read, slower = 1 } = subject
  const inputs = Math.max(20, Math.ceil(options.inputs / slower))
  for (const good of corpus) await read(good)
  let refused = 0
  let slowest: { readonly bytes: Uint8Array; readonly ms: number } = { bytes: corpus[0]!, ms: 0 }
  let turns = 0
  const property = fc.asyncProperty(bent(corpus), async bytes => {
    options.onInput?.(bytes)
    if (++turns % INPUTS_A_TURN === 0) await setImmediate() // as in life, where what is freed is freed between turns
    const started = performance.now()
    try {
      await read(bytes)
    } catch (error) {
      if (!isOppuError(error)) throw error
      refused++
    }
    const ms = performance.now() - started
    if (ms > slowest.ms) slowest = { bytes, ms }
  })
  const run = async (numRuns: number, seed: number) =>
    fc.assert(property, { numRuns, seed, endOnFailure: false })
  const started = performance.now()
  await run(Math.ceil(inputs / 5), options.seed)
  const before = await memory()
  await run(inputs - Math.ceil(inputs / 5), options.seed + 1)
  const grownBytes = (await memory()) - before
  const seconds = (performance.now() - started) / 1000
  const again = performance.now() // the first time this process may have been stopped, or collecting garbage
  await Promise.resolve(slowest.bytes)
    .then(read)
    .catch(() => {})
  const slowestMs = performance.now() - again
  assert.ok(slowestMs < SLOW_MS, `${slowestMs} ms for ${Buffer.from(slowest.bytes).toString('hex')}`)
  assert.ok(grownBytes < GROWTH_BYTES, `${grownBytes} bytes more after ${inputs} inputs`)
  assert.ok(refused > inputs / 20, `${refused} refused: the edits bite`)
  for (const good of corpus) await read(good)
  return { inputs, refused, slowestMs, grownBytes, seconds }
}
