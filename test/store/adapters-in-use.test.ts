/** Which adapter is in use, where each version comes from, and what a damaged record costs. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type AdapterRemarks, type CurvePoint, parentOf, rootOf } from '../../node/store/adapter-record.ts'
import { Adapters } from '../../node/store/adapters.ts'
import { Database } from '../../node/store/db.ts'
import type { AdapterId, BaseId } from '../../protocol/ids.ts'
import { adapterOf, allFiles, scratch, vaultOf } from './fixtures.ts'

async function member(t: TestContext) {
  const home = await scratch(t)
  const db = await Database.open(join(home, 'db'))
  const vault = await vaultOf('alice')
  t.after(async () => {
    await db.close()
    vault.close()
  })
  return { home, db, vault, adapters: Adapters.open(join(home, 'adapters'), db, vault) }
}

/** A version of its own bytes and time. */
function version(
  number: number,
  ancestors: readonly AdapterId[] = [],
  more: AdapterRemarks & { readonly use?: boolean; readonly baseId?: BaseId } = {},
) {
  const { manifest, files } = adapterOf(`version ${number}`, 1000)
  const baseId = more.baseId ?? manifest.baseId
  return [
    { manifest: { ...manifest, baseId, createdAt: manifest.createdAt + number }, files },
    { lineage: { ancestors, version: number }, ...more },
  ] as const
}

test('what is in use is chosen with the record, moves back along the line, and to no stranger', async t => {
  const { adapters } = await member(t)
  assert.equal(await adapters.current(), undefined)
  await assert.rejects(adapters.find('latest'), { code: 'NOT_FOUND', message: /oppu train/ })
  const first = await adapters.put(...version(1, [], { use: true, verdict: 'used' }))
  const second = await adapters.put(...version(2, [first.id], { use: true, verdict: 'used' }))
  const third = await adapters.put(...version(3, [second.id, first.id], { verdict: 'below-parent' }))
  const fourth = await adapters.put(...version(4, [second.id, first.id], { use: true, verdict: 'used' }))
  assert.deepEqual(
    [parentOf(first), rootOf(first), parentOf(fourth), rootOf(fourth)],
    [undefined, first.id, second.id, first.id],
  )
  assert.equal((await adapters.find('latest')).id, fourth.id)
  assert.deepEqual(await adapters.allInUse(), new Set([fourth.id]))
  await assert.rejects(adapters.rollback(fourth, third.id), { code: 'INVALID_ARGUMENT', message: /ancestor/ })
  assert.equal((await adapters.find('latest')).id, fourth.id)
  assert.equal((await adapters.rollback(fourth)).id, second.id)
  assert.equal((await adapters.find('latest')).id, second.id)
  await adapters.use(fourth.id)
  await adapters.rollback(fourth, first.id)
  assert.equal((await adapters.find('latest')).id, first.id)
  await assert.rejects(adapters.rollback(first), { code: 'NOT_FOUND', message: /first of its line/ })
  await assert.rejects(adapters.use('f'.repeat(64) as AdapterId), { code: 'NOT_FOUND' })
  await adapters.use(third.id)
  assert.equal((await adapters.find('latest')).id, third.id, 'a person may take one that was passed over')
})

test('removing the one in use goes back to the nearest ancestor that is there, and else to the base', async t => {
  const { adapters } = await member(t)
  const first = await adapters.put(...version(1, [], { use: true }))
  const second = await adapters.put(...version(2, [first.id], { use: true }))
  const third = await adapters.put(...version(3, [second.id, first.id], { use: true }))
  await adapters.remove(second.id)
  assert.equal((await adapters.find('latest')).id, third.id)
  await assert.rejects(adapters.rollback(third), { code: 'NOT_FOUND' })
  await adapters.remove(third.id)
  assert.equal((await adapters.find('latest')).id, first.id)
  const other = await adapters.put(...version(4, []))
  await adapters.remove(first.id)
  // The base was chosen, in a way: nobody asked for the other one.
  assert.deepEqual((await adapters.current())?.record, undefined)
  await assert.rejects(adapters.find('latest'), { code: 'NOT_FOUND', message: /the base is/ })
  await adapters.use(other.id)
  assert.equal((await adapters.find('latest')).id, other.id)
})

test('each base and each task has its own; of several, the one decided last is the latest', async t => {
  const { adapters, home } = await member(t)
  const baseId = 'b'.repeat(64) as BaseId
  const general = await adapters.put(...version(1, [], { use: true }))
  const mail = await adapters.put(...version(2, [], { use: true, only: 'secret-task' }))
  await new Promise(resolve => setTimeout(resolve, 5))
  const elsewhere = await adapters.put(...version(3, [], { use: true, baseId }))
  const ids = async (filter?: Parameters<Adapters['current']>[0]) =>
    (await adapters.current(filter))?.record?.id
  assert.equal(await ids(), elsewhere.id)
  assert.equal(await ids({ baseId: general.baseId, only: 'secret-task' }), mail.id)
  assert.equal(await ids({ baseId: general.baseId, only: 'another' }), general.id)
  assert.equal(await ids({ baseId, only: 'secret-task' }), elsewhere.id)
  assert.equal(await ids({ baseId: 'c'.repeat(64) as BaseId }), undefined)
  assert.equal((await adapters.inUse({ baseId: general.baseId }))?.id, general.id)
  assert.equal(await adapters.inUse({ baseId, only: 'secret-task' }), undefined)
  await adapters.use(general.id)
  assert.equal(await ids(), general.id)
  for (const [path, bytes] of await allFiles(home))
    assert.ok(!bytes.includes('secret-task') && !path.includes('secret-task'), `${path} tells the task`)
})

test('records without a choice: the newest that was not found wanting, imported ones never', async t => {
  const { adapters, db, vault } = await member(t)
  const old = await adapters.put(...version(1))
  const { lineage: _, validationIds: __, ...written } = old
  const value = Buffer.from(JSON.stringify(written))
  await db.adapters.put(old.id, vault.seal(`adapters/${old.id}`, value)) // as the version before wrote it
  assert.deepEqual(await adapters.record(old.id), { ...old, lineage: { ancestors: [], version: 1 } })
  await adapters.put(...version(2, [], { verdict: 'degenerate' }))
  await adapters.put(...version(3, [], { origin: 'imported' }))
  assert.equal((await adapters.find('latest')).id, old.id)
  await adapters.remove(old.id)
  assert.deepEqual((await adapters.current())?.record, undefined)
  await assert.rejects(adapters.find('latest'), { code: 'NOT_FOUND', message: /the base is/ })
})

test('a damaged record is listed by its code, can be removed, and comes back from its own file', async t => {
  const { adapters, db, vault } = await member(t)
  const first = await adapters.put(...version(1, [], { use: true, itemIds: ['a'] }))
  const second = await adapters.put(...version(2, [first.id], { use: true }))
  const third = await adapters.put(...version(3, [], { only: 'mail' }))
  const sealed = (await db.adapters.get(second.id))!
  await db.adapters.put(
    second.id,
    sealed.map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
  )
  await db.adapters.put(third.id, vault.seal(`adapters/${third.id}`, Buffer.from('{"id": "cut o')))
  assert.deepEqual(
    (await adapters.list()).map(({ id }) => id),
    [first.id],
  )
  const damaged = await adapters.damaged()
  assert.deepEqual(
    new Map(damaged.map(({ id, code }) => [id, code])),
    new Map([second.id, third.id].map(id => [id, 'INVALID_DATA'])),
  )
  await assert.rejects(adapters.find(second.id.slice(0, 8)), {
    code: 'INVALID_DATA',
    message: /adapter import/,
  })
  await assert.rejects(adapters.get(second.id), { code: 'INVALID_DATA' })
  assert.equal((await adapters.import(adapters.path(second.id))).id, second.id)
  assert.equal((await adapters.find(second.id)).origin, 'imported')
  assert.equal(await adapters.remove(third.id), true)
  assert.deepEqual(await adapters.damaged(), [])
  for await (const key of db.inUse.keys()) await db.inUse.put(key, new Uint8Array(60))
  assert.equal((await adapters.find('latest')).id, first.id, 'a damaged choice is none')
})

test('a long curve keeps its ends and what was measured', async t => {
  const { adapters } = await member(t)
  const curve: CurvePoint[] = Array.from({ length: 20_000 }, (_, i) => ({
    step: i + 1,
    loss: 1,
    ...(i % 997 === 0 ? { validationLoss: i } : {}),
  }))
  const kept = (await adapters.put(...version(1, [], { curve }))).curve
  assert.ok(kept.length <= 1000 && kept.length > 900, `${kept.length} points`)
  assert.equal(kept.filter(({ validationLoss }) => validationLoss !== undefined).length, 21)
  assert.deepEqual([kept[0]?.step, kept.at(-1)?.step], [1, 20_000])
})
