/** Which chunks are asked for and sent: rarest first, least often served, sized to the link, twice only at the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  candidateCount,
  choose,
  END_GAME_COPIES,
  endGame,
  rank,
  seededRandom,
  sizing,
  spares,
} from '../../node/swarm/selection.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

test('the rarest come first, alike ones in an order that the seed decides', () => {
  const availability = (chunk: number) => (chunk % 3) + 1
  const order = (seed: number) => rank(numbers(300), availability, seededRandom(seed), 300)
  const one = order(1)
  assert.deepEqual(
    one.toSorted((a, b) => a - b),
    numbers(300),
    'each once',
  )
  assert.ok(one.slice(0, 100).every(chunk => chunk % 3 === 0))
  assert.ok(one.slice(100, 200).every(chunk => chunk % 3 === 1))
  assert.deepEqual(one, order(1))
  assert.notDeepEqual(one, order(2))
  assert.notDeepEqual(
    one.slice(0, 100),
    one.slice(0, 100).toSorted((a, b) => a - b),
  )
  assert.equal(rank(numbers(300), availability, seededRandom(3), 7).length, 7)
})

test('each of the chunks alike is as likely to come first', () => {
  const random = seededRandom(5)
  const first = new Uint32Array(10)
  for (let round = 0; round < 10_000; round++) first[rank(numbers(10), () => 1, random, 1)[0]!]!++
  for (const count of first) assert.ok(count > 850 && count < 1150, `${first}`)
})

test('what was sent least often is sent first, then what the other side wants most', () => {
  const served = [2, 0, 1, 0, 5]
  assert.deepEqual(
    choose([4, 3, 2, 1, 0], chunk => served[chunk]!, 3),
    [3, 1, 2],
  )
  assert.deepEqual(
    choose([4, 3], () => 0, 10),
    [4, 3],
  )
})

test('a first holder that twenty ask at random sends each chunk once before any twice', () => {
  const chunks = 400
  const served = new Uint32Array(chunks)
  const random = seededRandom(11)
  const missing = Array.from({ length: 20 }, () => new Set(numbers(chunks)))
  for (let sent = 0; sent < chunks; sent++) {
    const mine = missing[sent % 20]!
    const [chunk] = choose(
      rank(mine, () => 1, random, 256),
      chunk => served[chunk]!,
      1,
    )
    served[chunk!]!++
    mine.delete(chunk!)
  }
  const twice = served.reduce((sum, times) => sum + Math.max(0, times - 1), 0)
  assert.ok(twice < 0.05 * chunks, `${twice} of ${chunks} were sent again before all were sent once`)
})

test('requests grow with the link, and so does their number with its round trip', () => {
  const mib = 2 ** 20
  assert.deepEqual(sizing({ rate: undefined, roundTripMs: 1 }, mib, 64), { chunks: 1, depth: 1 })
  assert.deepEqual(sizing({ rate: 100_000, roundTripMs: 50 }, mib, 64), { chunks: 1, depth: 1 })
  assert.deepEqual(sizing({ rate: 300 * mib, roundTripMs: 1 }, mib, 64), { chunks: 8, depth: 2 })
  assert.deepEqual(sizing({ rate: 100 * mib, roundTripMs: 200 }, mib, 64), { chunks: 8, depth: 4 })
  assert.equal(sizing({ rate: 300 * mib, roundTripMs: 1 }, 4096, 64).chunks, 64)
})

test('many candidates while much is left, few at the end, never more than there are', () => {
  assert.equal(candidateCount(10_000, 4, 2, 256), 256)
  assert.equal(candidateCount(100, 20, 2, 256), 5)
  assert.equal(candidateCount(10, 40, 2, 256), 2)
  assert.equal(candidateCount(1, 40, 2, 256), 1)
})

test('the only whole holder is spared while others are as fast, and used where it is faster', () => {
  assert.equal(spares(100, [100, 60, 90]), true)
  assert.equal(spares(undefined, [100, 60, 90]), true)
  assert.equal(spares(1000, [100, 60, 90]), false)
  assert.equal(spares(100, [100, 90]), false)
})

test('at the end what is late is asked for again, the longest pending first, and not of everyone', () => {
  const pending = [
    { chunk: 1, asked: 1, ageMs: 300 },
    { chunk: 2, asked: 1, ageMs: 900 },
    { chunk: 3, asked: 2, ageMs: 5000 },
    { chunk: 4, asked: END_GAME_COPIES, ageMs: 9000 },
    { chunk: 5, asked: 1, ageMs: 10 },
  ]
  assert.deepEqual(endGame(pending, 200, 10), [2, 1, 3])
  assert.deepEqual(endGame(pending, 200, 1), [2])
  assert.deepEqual(endGame(pending, 10_000, 10), [])
})
