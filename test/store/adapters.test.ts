import assert from 'node:assert/strict'
import { copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Adapters } from '../../node/store/adapters.ts'
import { Database } from '../../node/store/db.ts'
import { sealAdapter } from '../../node/store/sealed-file.ts'
import { adapterId } from '../../protocol/adapter.ts'
import { adapterOf, allFiles, scratch, vaultOf } from './fixtures.ts'

async function member(t: TestContext, name: string) {
  const home = join(await scratch(t), name)
  const db = await Database.open(join(home, 'db'))
  const vault = await vaultOf(name)
  t.after(async () => {
    await db.close()
    vault.close()
  })
  return { home, db, vault, adapters: Adapters.open(join(home, 'adapters'), db, vault) }
}

test('put, list, find, get, remove', async t => {
  const { home, adapters } = await member(t, 'alice')
  const adapter = adapterOf('1', 100_000)
  const record = await adapters.put(adapter, { curve: [{ step: 1, loss: 3.5 }], itemIds: ['a'] })
  assert.equal(record.id, adapterId(adapter.manifest, adapter.files))
  const other = await adapters.put(adapterOf('2', 1000))
  assert.deepEqual(await adapters.record(record.id), record)
  assert.deepEqual([record.size, record.origin, record.itemIds], [100_008, 'trained', ['a']])
  assert.deepEqual(new Set((await adapters.list()).map(({ id }) => id)), new Set([record.id, other.id]))
  await adapters.put(adapter, { itemIds: ['a', 'b'] })
  assert.equal((await adapters.list()).length, 2)
  assert.deepEqual((await adapters.find(record.id.slice(0, 12))).itemIds, ['a', 'b'])
  assert.equal(await adapters.sealedBytes(record.id), (await stat(adapters.path(record.id))).size)
  await assert.rejects(adapters.find('zzz'), { code: 'NOT_FOUND' })
  const curve = Array.from({ length: 123_457 }, (_, n) => ({ step: n + 1, loss: 1 }))
  const long = (await adapters.put(adapter, { curve, itemIds: ['a', 'b'] })).curve
  assert.ok(long.length <= 1000 && long.length > 900)
  assert.deepEqual([long[0]?.step, long.at(-1)?.step], [1, 123_457])
  assert.equal((await adapters.find('latest')).origin, 'trained')
  await assert.rejects(adapters.find(''), { code: 'AMBIGUOUS' })
  const { manifest, files } = await adapters.get(record.id)
  assert.deepEqual(manifest, adapter.manifest)
  assert.ok(
    Buffer.from(files.get('adapter_model.safetensors')!).equals(
      adapter.files.get('adapter_model.safetensors')!,
    ),
  )
  assert.equal(await adapters.remove(record.id), true)
  assert.equal(await adapters.remove(record.id), false)
  await assert.rejects(adapters.get(record.id), { code: 'NOT_FOUND' })
  assert.deepEqual([...(await allFiles(join(home, 'adapters'))).keys()], [adapters.path(other.id)])
})

test('an adapter changed, exchanged or gone on disk is noticed', async t => {
  const { adapters } = await member(t, 'alice')
  const [one, two] = [await adapters.put(adapterOf('1', 1000)), await adapters.put(adapterOf('2', 1000))]
  await copyFile(adapters.path(two.id), adapters.path(one.id))
  await assert.rejects(adapters.get(one.id), { code: 'CORRUPT_ADAPTER' })
  const bytes = await readFile(adapters.path(two.id))
  await writeFile(adapters.path(two.id), bytes.subarray(0, -1))
  await assert.rejects(adapters.get(two.id), { code: 'CORRUPT_ADAPTER' })
  await rm(adapters.path(two.id))
  await assert.rejects(adapters.get(two.id), { code: 'NOT_FOUND' })
})

test('an adapter sealed again with another configuration is another adapter', async t => {
  const { adapters, vault } = await member(t, 'alice')
  const adapter = adapterOf('1', 1000)
  const { id } = await adapters.put(adapter)
  const files = new Map(adapter.files).set('adapter_config.json', Buffer.from('{"r": 8, "lora_alpha": 1e6}'))
  const forged = [...sealAdapter(files, adapter.manifest, [vault.recipient])]
  await writeFile(adapters.path(id), forged)
  await assert.rejects(adapters.get(id), { code: 'CORRUPT_ADAPTER' })
  const extra = new Map(adapter.files).set('more.json', Buffer.from('{}'))
  await writeFile(adapters.path(id), [...sealAdapter(extra, adapter.manifest, [vault.recipient])])
  await assert.rejects(adapters.get(id), { code: 'CORRUPT_ADAPTER' })
})

test("a backup taken in again is still one's own, with what it was trained on", async t => {
  const { home, adapters, vault } = await member(t, 'alice')
  const record = await adapters.put(adapterOf('1', 1000), {
    curve: [{ step: 1, loss: 2 }],
    itemIds: ['a', 'b'],
  })
  const path = join(home, 'backup.oppu')
  await writeFile(path, adapters.export(record.id, [vault.recipient]))
  assert.deepEqual(await adapters.import(path), record)
  assert.deepEqual(await adapters.find('latest'), record)
})

test('an exported adapter is for its recipient only, and keeps its id there', async t => {
  const alice = await member(t, 'alice')
  const bob = await member(t, 'bob')
  const eve = await member(t, 'eve')
  const record = await alice.adapters.put(adapterOf('1', 70_000))
  const path = join(alice.home, 'for-bob.oppu')
  await writeFile(path, alice.adapters.export(record.id, [bob.vault.recipient]))
  await assert.rejects(eve.adapters.import(path), { code: 'NOT_A_RECIPIENT' })
  await assert.rejects(alice.adapters.import(path), { code: 'NOT_A_RECIPIENT' })
  assert.deepEqual(await eve.adapters.list(), [])
  const taken = await bob.adapters.import(path)
  assert.equal(taken.id, record.id)
  await assert.rejects(bob.adapters.find('latest'), { code: 'NOT_FOUND' })
  assert.deepEqual([record.origin, taken.origin], ['trained', 'imported'])
  assert.deepEqual((await bob.adapters.get(taken.id)).manifest, adapterOf('1', 70_000).manifest)
  await assert.rejects(bob.adapters.import(join(alice.home, 'nothing')), { code: 'NOT_FOUND' })
  await assert.rejects(bob.adapters.import(alice.home), { code: 'INVALID_ARGUMENT' })
})
