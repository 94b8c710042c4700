/** The versions of an adapter as a person meets them: trained one from the other, listed, shown, rolled back to, removed. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Database } from '../../node/store/db.ts'
import { add } from '../learning-node.ts'
import { failedWith, homeOf, inside, json, oppu } from './oppu.ts'

const FAST = ['--steps', '12', '--batch-size', '8', '--learning-rate', '0.02', '--max-gradient-norm', '1']

test('versions are listed, shown, rolled back to and taken; a damaged record is listed with its code', async t => {
  const home = await homeOf(t, node => add(node, 0, 30))
  const first = await json<{ adapter: string; version: number }>(home, 'train', ...FAST)
  failedWith(await oppu(home, ['train', ...FAST]), 'NOTHING_NEW')
  await inside(home, node => add(node, 30, 50))
  const second = await oppu(home, ['train', ...FAST])
  assert.match(
    second.stderr,
    /^version 2, trained further from [0-9a-f]{12}, on 18 new items and 6 older ones again/m,
  )
  assert.match(second.stderr, /^step 12 of 12 .* tokens\/s {2}done {2}rate .* gradient .* [kMG]B$/m)
  assert.match(second.stdout, /the adapter in use before -\d+\.\d+, this one -\d+\.\d+/)
  assert.match(second.stdout, /^It is in use/m)
  const latest = await json<{ id: string; parent: string; root: string; inUse: boolean; curve: unknown[] }>(
    ...([home, 'adapter', 'show', 'latest'] as const),
  )
  assert.deepEqual([latest.parent, latest.root, latest.inUse], [first.adapter, first.adapter, true])
  assert.equal(latest.curve.length, 12)
  const shown = (await oppu(home, ['adapter', 'show', 'latest'])).stdout
  assert.match(shown, /^loss {8}[▁-█]{12} {2}\d/m)
  assert.match(shown, /^ +12 +\d+\.\d{3} /m)

  assert.deepEqual(await json(home, 'adapter', 'rollback'), { inUse: first.adapter, before: latest.id })
  failedWith(await oppu(home, ['adapter', 'rollback']), 'NOT_FOUND')
  assert.deepEqual(await json(home, 'adapter', 'use', latest.id.slice(0, 10)), { inUse: latest.id })
  const db = await Database.open(join(home, 'db'))
  await db.adapters.put(first.adapter, new Uint8Array(100))
  await db.close()
  const list = await oppu(home, ['adapter', 'list'])
  assert.match(list.stdout, new RegExp(`^${latest.id.slice(0, 12)} .* in use `, 'm'))
  assert.match(list.stdout, new RegExp(`^${first.adapter.slice(0, 12)} .*damaged \\[INVALID_DATA\\]`, 'm'))
  const rows = await json<{ id: string; damaged?: string }[]>(home, 'adapter', 'list')
  assert.deepEqual(
    rows.map(({ id, damaged }) => [id, damaged]),
    [
      [latest.id, undefined],
      [first.adapter, 'INVALID_DATA'],
    ],
  )
  failedWith(await oppu(home, ['adapter', 'rollback']), 'INVALID_DATA')
  await json(home, 'adapter', 'remove', first.adapter)
  assert.equal((await json<unknown[]>(home, 'adapter', 'list')).length, 1)
})
