/**
 * Every reader of outside bytes against bent good ones (test/fuzz says what is held to), a few thousand each; for
 * millions, `node test/fuzz/run.ts`.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fuzz } from '../fuzz/fuzz.ts'
import { openSubjects } from '../fuzz/subjects.ts'

const INPUTS = 2000

const opened = await openSubjects()
after(() => opened[Symbol.asyncDispose]())

for (const subject of opened.subjects) {
  test(`bent inputs: ${subject.name}`, async t => {
    const { inputs, refused, seconds } = await fuzz(subject, { inputs: INPUTS, seed: 2024 })
    t.diagnostic(`${inputs} inputs, ${refused} refused, ${seconds.toFixed(2)} s`)
  })
}

test('a reader that takes what is wrong, or throws what has no code, is found', async () => {
  const corpus = [new Uint8Array(20)]
  const wrong = { name: 'wrong', corpus, read: (bytes: Uint8Array) => assert.ok(bytes[3] !== 7) }
  await assert.rejects(fuzz(wrong, { inputs: 20_000, seed: 1 }), /Counterexample/)
  const hoarded: Uint8Array[] = []
  const hoarding = { name: 'hoarding', corpus, read: () => hoarded.push(new Uint8Array(10_000)) }
  await assert.rejects(fuzz(hoarding, { inputs: 2000, seed: 1 }), /bytes more/)
})
