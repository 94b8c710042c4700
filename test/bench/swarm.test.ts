/** The simulation of a swarm is the same for the same seed, ends, and keeps to what no scheme could beat. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeBase, nextVersion } from './swarm-base.ts'
import { grow } from './swarm-growth.ts'
import { simulate } from './swarm-simulation.ts'

const LINE = { up: 1000, down: 4000 }

test('a swarm of 100 nodes who come and go ends, twice alike, and never faster than the bound', () => {
  const swarm = { nodes: 100, chunks: 64, churn: true }
  const grown = grow(swarm)
  assert.deepEqual(grow(swarm), grown)
  assert.ok(grown.departures > 50)
  const { finished, toBound, first } = grown
  assert.deepEqual(
    { finished: finished.map(Math.round), first: Math.round(first * 100) / 100 },
    { finished: [515, 1165, 1388], first: 3.14 },
  )
  assert.ok(toBound.every(ratio => ratio >= 1))
})

test('what everyone sends is what everyone gets, or was sent for nothing', () => {
  const [nodes, chunks, bytes] = [10, 50, 50e6]
  const swarm = { lines: Array.from({ length: nodes }, () => LINE), first: LINE, bytes, chunks, seed: 3 }
  const { finished, sent, wasted, departures } = simulate(swarm)
  assert.equal(departures, 0)
  const total = sent.reduce((sum, more) => sum + more, 0)
  // What is still on its way when the last node is done counts as sent only.
  const onItsWay = total - nodes * bytes - wasted
  assert.ok(onItsWay >= 0 && onItsWay <= nodes * (bytes / chunks), `${onItsWay} bytes`)
  assert.ok(
    finished.every(ms => ms >= bytes / LINE.up),
    'the first holder has to send everything once',
  )
  const alone = simulate({ ...swarm, lines: [LINE] })
  assert.equal(alone.sent.at(-1), bytes)
  assert.ok(Math.abs(alone.finished[0]! - bytes / LINE.up) < 1000)
})

test('a base for the bench is the same for a seed, and its next version keeps most chunks', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-bench-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const size = 48 << 20
  const one = await makeBase(folder, 'one', [{ seed: 1, from: 0, bytes: size }])
  const parts = [
    { seed: 1, from: 0, bytes: 1_000_001 },
    { seed: 1, from: 1_000_001, bytes: size - 1_000_001 },
  ]
  const again = await makeBase(folder, 'another name', parts)
  assert.deepEqual(again.list(0).hashes, one.list(0).hashes)
  const next = await makeBase(folder, 'next', nextVersion(size, 0.1, 2))
  const there = new Set(Array.from({ length: one.count }, (_, chunk) => one.hash(chunk)))
  let kept = 0
  for (let chunk = 0; chunk < next.count; chunk++) if (there.has(next.hash(chunk))) kept += next.length(chunk)
  assert.ok(kept / next.bytes > 0.75 && kept / next.bytes < 0.9)
})
